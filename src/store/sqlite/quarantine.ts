import type Database from 'better-sqlite3';
import { sql, type Kysely } from 'kysely';

import { digest } from '../keys.js';
import { prepare } from '../prepared.js';
import type { QuarantineDraft } from '../records.js';
import type { Schema } from '../schema.js';

interface QuarantineRow {
  channel: string;
  digest: string;
  body: Buffer;
  trace_id: string | null;
  secret_index: number;
  errors: string;
  now: number;
}

/** Keeps authentic payloads that could not be accepted, raw. Runs inside the caller's transaction. */
export class SqliteQuarantine {
  private readonly insert;

  constructor(sqlite: Database.Database, db: Kysely<Schema>) {
    this.insert = prepare<QuarantineRow>(sqlite, (p) =>
      db
        .insertInto('quarantine')
        .values({
          channel: p.channel,
          digest: p.digest,
          body: p.body,
          trace_id: p.trace_id,
          secret_index: p.secret_index,
          errors: p.errors,
          first_at: p.now,
          last_at: p.now,
        })
        .onConflict((c) =>
          c.columns(['channel', 'digest']).doUpdateSet({
            times: sql`times + 1`,
            last_at: p.now,
            errors: p.errors,
            // What was reprocessed or discarded and comes again is held again: somebody must look.
            state: 'held',
          }),
        ),
    );
  }

  /** A body that is held already is counted, not stored again. */
  quarantine(draft: QuarantineDraft): void {
    this.insert.run({
      channel: draft.channel,
      digest: digest(draft.body),
      body: draft.body,
      trace_id: draft.traceId ?? null,
      secret_index: draft.secretIndex,
      errors: JSON.stringify(draft.errors),
      now: draft.receivedAt,
    });
  }
}
