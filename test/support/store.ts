import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { eventKeys } from '../../src/store/keys.js';
import type { ReceiptDraft } from '../../src/store/records.js';
import { openStore } from '../../src/store/open.js';
import type { Store, StoreOptions } from '../../src/store/store.js';
import { connectTo, databaseEnv, databaseOf, ENGINE, removeDatabase } from './engine.js';
import { countCommits } from './write-ahead-log.js';

/** A store of its own, on the engine that the tests run on. */
export class TestStore {
  private readonly opening: Promise<Store>[] = [];

  private constructor(readonly folder: string) {}

  static create(): TestStore {
    return new TestStore(mkdtempSync(join(tmpdir(), 'interactions-webhook-store-')));
  }

  /** Where it is, as `DATABASE_URL` says it. */
  async url(): Promise<string> {
    return (await databaseEnv(this.folder))['DATABASE_URL'] ?? `sqlite:${this.file}`;
  }

  /** The SQLite file. */
  get file(): string {
    return join(this.folder, 'interactions.db');
  }

  /** Opens the store; each call is as another process. */
  open(options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = databaseOf(this.folder).then((database) =>
      openStore(database, { maxPending: 2_000, ...options }),
    );
    this.opening.push(store);
    return store;
  }

  /** Another process' view of the SQLite file. */
  connect(): Database.Database {
    return new Database(this.file);
  }

  /** Keeps every append waiting, as a slow disk or another process does, until what it returns is called. */
  async lock(): Promise<() => Promise<void>> {
    if (ENGINE === 'postgres') {
      const client = await connectTo(this.folder);
      await client.query('begin; lock table receipts in exclusive mode');
      return () => client.end();
    }
    const other = this.connect();
    other.exec('BEGIN IMMEDIATE');
    return () => {
      other.exec('ROLLBACK');
      other.close();
      return Promise.resolve();
    };
  }

  /** The interaction ids that another process sees. */
  async seen(): Promise<unknown[]> {
    const query = 'select interaction_id as id from events';
    if (ENGINE === 'postgres') {
      const client = await connectTo(this.folder);
      const { rows } = await client.query<{ id: string }>(query);
      await client.end();
      return rows.map(({ id }) => id);
    }
    const other = this.connect();
    const ids = other.prepare(query).pluck().all();
    other.close();
    return ids;
  }

  /** How many commits there were: in SQLite's log, or of those that stored a receipt. */
  async commits(): Promise<number> {
    if (ENGINE === 'sqlite') return countCommits(this.file);
    const client = await connectTo(this.folder);
    const { rows } = await client.query<{ count: string }>('select count(distinct xmin::text) from receipts');
    await client.end();
    return Number(rows[0]?.count);
  }

  async remove(): Promise<void> {
    for (const opened of await Promise.allSettled(this.opening)) {
      if (opened.status === 'fulfilled') await opened.value.close();
    }
    await removeDatabase(this.folder);
    rmSync(this.folder, { recursive: true });
  }
}

/** What no table of the engine takes in place of a number or a text. */
export const UNSTORABLE = (ENGINE === 'sqlite' ? {} : 2 ** 40) as never;

/** A receipt of one event. */
export function receipt(interactionId: string, some: Partial<ReceiptDraft> = {}): ReceiptDraft {
  const channel = 'default';
  const body = Buffer.from(JSON.stringify({ interactionId }));
  const event = {
    channel,
    type: 'STARTED',
    position: 0,
    interactionId,
    operationId: `operation of ${interactionId}`,
    mediaType: 'chat',
    interactionSubtype: undefined,
    selfUri: undefined,
  };
  const events = [{ ...event, ...eventKeys(event, body) }];
  return { channel, body, traceId: undefined, secretIndex: 0, receivedAt: 1, events, ...some };
}

/** The interaction ids of every stored event, in the order of the log. */
export async function interactionIds(store: Store): Promise<(string | null)[]> {
  const rows = await store.query(store.builder.selectFrom('events').select('interaction_id').orderBy('seq'));
  return rows.map((row) => row.interaction_id);
}
