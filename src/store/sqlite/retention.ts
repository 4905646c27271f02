import type Database from 'better-sqlite3';
import { sql, type Compilable, type Kysely } from 'kysely';

import type { Operations } from '../operations.js';
import { limitOf, plan, selectOld, selectPlace, type Step } from '../retention/selection.js';
import type { Schema } from '../schema.js';

type Args = Operations['retain']['args'];
type Result = Operations['retain']['result'];

/** Removes old events that are over. Runs inside the caller's transaction. */
export class SqliteRetention {
  constructor(
    private readonly sqlite: Database.Database,
    private readonly db: Kysely<Schema>,
  ) {}

  /** One batch. */
  retain(args: Args): Result {
    const [place] = this.all(selectPlace(this.db));
    if (place === undefined) return { removed: 0, more: false };
    const after = args.part === 'log' ? place.position : place.kept_position;
    const events = this.all(selectOld(this.db, { part: args.part, after, limit: limitOf(place) }));
    const step = plan(events, args);
    if (step === undefined) {
      if (args.part === 'kept') this.run(this.db.updateTable('retention').set({ kept_position: 0 }));
      return { removed: 0, more: false };
    }
    return { removed: this.remove(step, after, args), more: step.more };
  }

  private remove({ reached, old, more }: Step, after: number, { part, before }: Args): number {
    const { db } = this;
    const ofOld = old.map(({ seq }) => seq);
    const open = this.all(
      db
        .selectFrom('deliveries')
        .select('seq')
        .where('seq', 'in', ofOld)
        .where('state', 'not in', ['done', 'discarded']),
    );
    const stay = new Set(open.map(({ seq }) => seq));
    const gone = old.filter(({ seq }) => !stay.has(seq));
    const seqs = gone.map(({ seq }) => seq);
    if (part === 'log') {
      const rest = db
        .selectFrom('events')
        .select(['seq', 'receipt_id'])
        .where('seq', '>', after)
        .where('seq', '<=', reached)
        .where('seq', 'not in', seqs);
      this.run(db.insertInto('retention_kept').columns(['seq', 'receipt_id']).expression(rest));
      this.run(db.updateTable('retention').set({ position: reached }));
    } else {
      this.run(db.deleteFrom('retention_kept').where('seq', 'in', seqs));
      this.run(db.updateTable('retention').set({ kept_position: more ? reached : 0 }));
    }
    for (const table of ['attempts', 'deliveries', 'transcripts', 'events'] as const) {
      this.run(db.deleteFrom(table).where('seq', 'in', seqs));
    }
    const keys = [...new Set(gone.map((event) => event.interaction_key))];
    this.removeInteractions(keys, before);
    this.removeReceipts([...new Set(gone.map((event) => event.receipt_id))]);
    return gone.length;
  }

  private removeInteractions(keys: readonly string[], before: number): void {
    this.run(
      this.db
        .deleteFrom('interactions')
        .where('interaction_key', 'in', keys)
        .where((q) => q.or([q('finished_at', '<', before), q('late_started_at', '<', before)]))
        .where((q) =>
          q.not(
            q.exists(
              q
                .selectFrom('events as e')
                .select('e.seq')
                .whereRef('e.interaction_key', '=', 'interactions.interaction_key'),
            ),
          ),
        ),
    );
  }

  /**
   * Those of which no event is left. An event at position 0 that is left has been passed, and kept, before any
   * other of its receipt was removed: they are numbered in this order.
   */
  private removeReceipts(ids: readonly number[]): void {
    this.run(
      this.db
        .deleteFrom('receipts')
        .where('id', 'in', ids)
        .where('id', 'not in', (q) =>
          q.selectFrom('retention_kept').select('receipt_id').where('receipt_id', 'in', ids),
        )
        .where('id', 'not in', (q) =>
          q
            .selectFrom('events')
            .select('receipt_id')
            .where('receipt_id', 'in', ids)
            .where('position', '>', sql.lit(0)),
        ),
    );
  }

  private all<R>(query: Compilable<R>): R[] {
    const { sql: text, parameters } = query.compile();
    return this.sqlite.prepare(text).all(parameters) as R[];
  }

  private run(query: Compilable): void {
    const { sql: text, parameters } = query.compile();
    this.sqlite.prepare(text).run(parameters);
  }
}
