import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';

import { openStore } from '../../src/store/open.js';
import { Retention } from '../../src/store/retention/retention.js';
import type { Schema } from '../../src/store/schema.js';
import { SqliteDeliveries } from '../../src/store/sqlite/deliveries.js';
import { SqliteEventLog } from '../../src/store/sqlite/event-log.js';
import { SqliteRetention } from '../../src/store/sqlite/retention.js';
import type { Store } from '../../src/store/store.js';
import { fillLog } from '../support/large-log.js';

const EVENTS = 100_000;
const DAY_MS = 86_400_000;
/** The tables that grow. Of the others, all can be read. */
const GROWING = /\b(events|deliveries|receipts|attempts|interactions|transcripts|quarantine|[edrk])\b/;

describe('in a log of a hundred thousand events, SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-plans-'));
  let store: Store;
  let sqlite: Database.Database;
  let prepared: string[];
  /** The same connection, which writes down what is prepared on it. */
  let recording: Database.Database;
  let db: Kysely<Schema>;
  beforeAll(async () => {
    const file = join(folder, 'interactions.db');
    store = await openStore({ engine: 'sqlite', file }, { maxPending: 10 });
    await fillLog((sql) => store.call('query', { sql, parameters: [] }), 'sqlite', 1, EVENTS, Date.now());
    sqlite = new Database(file);
    prepared = [];
    recording = new Proxy(sqlite, {
      get(target, name) {
        if (name !== 'prepare') return Reflect.get(target, name) as unknown;
        return (sql: string) => {
          prepared.push(sql);
          return target.prepare(sql);
        };
      },
    });
    db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) });
  }, 60_000);
  afterAll(async () => {
    sqlite.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  /** Steps of the plans that go through a whole table or index that grows, with the statement of each. */
  function scans(statements: readonly string[]): string[] {
    return statements.flatMap((sql) => {
      const blanks = [...sql.matchAll(/\?/g)].map(() => null);
      const steps = sqlite.prepare(`explain query plan ${sql}`).all(...blanks) as { detail: string }[];
      return (
        steps
          .filter(({ detail }) => detail.startsWith('SCAN ') && GROWING.test(detail))
          // An index of open rows alone.
          .filter(({ detail }) => !/deliveries_(due|line|dead)/.test(detail))
          .map(({ detail }) => `${detail}: ${sql}`)
      );
    });
  }

  it('appends, claims, settles and frees by indexes', () => {
    prepared.length = 0;
    new SqliteEventLog(recording, db);
    new SqliteDeliveries(recording, db);
    expect(prepared.length).toBeGreaterThan(20);
    expect(scans(prepared)).toEqual([]);
  });

  it('removes what is old by indexes', () => {
    prepared.length = 0;
    const retention = new SqliteRetention(recording, db);
    const now = Date.now();
    for (const part of ['log', 'kept'] as const) retention.retain({ part, before: now - 99 * DAY_MS, now });
    expect(prepared.length).toBeGreaterThan(10);
    expect(scans(prepared)).toEqual([]);
  });

  it('removes what belongs to no event by indexes', async () => {
    const statements: string[] = [];
    const query = store.query.bind(store);
    store.query = (compilable) => {
      statements.push(compilable.compile().sql);
      return query(compilable);
    };
    await new Retention(store, { days: 99, now: () => Date.now() }).run();
    store.query = query;
    const deletes = statements.filter((sql) => sql.startsWith('delete'));
    expect(deletes.length).toBeGreaterThanOrEqual(3);
    expect(scans(deletes)).toEqual([]);
  });
});
