/**
 * `npm run bench:growth`: what a claim, the operators' lists and a step of the retention cost on an empty store,
 * and on one with millions of events that are done. See docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { parseDatabaseUrl, sqliteDatabase, type Database } from '../src/config/database.js';
import { pageOfDeliveries } from '../src/operations/queries/deliveries.js';
import { pageOfEvents } from '../src/operations/queries/events.js';
import { openStore } from '../src/store/open.js';
import { listenerBacklogs } from '../src/store/queries/backlog.js';
import type { Store } from '../src/store/store.js';
import { fillLog } from '../test/support/large-log.js';
import { PostgresServer } from '../test/support/postgres-server.js';
import { receipt } from '../test/support/store.js';

const { values: flags } = parseArgs({
  options: {
    done: { type: 'string', default: '10000000' },
    times: { type: 'string', default: '100' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const TIMES = Number(flags.times);
const DAY_MS = 86_400_000;

for (const done of [0, Number(flags.done)]) {
  const folder = mkdtempSync(join(flags.dir, 'interactions-webhook-growth-'));
  await measure('SQLite', sqliteDatabase(join(folder, 'interactions.db')), done);
  rmSync(folder, { recursive: true });
}
for (const done of [0, Number(flags.done)]) {
  const server = await PostgresServer.start(['max_wal_size=8GB']);
  await measure('PostgreSQL', parseDatabaseUrl(server.url()), done);
  await server.stop();
}

async function measure(name: string, database: Database, done: number): Promise<void> {
  const store = await openStore(database, { maxPending: 1_000 });
  const listener = { name: 'bench', from: 'now', filter: {} } as const;
  const { bench: listenerId = 0 } = await store.call('register', { listeners: [listener], now: 1 });
  if (done > 0)
    await fillLog((sql) => runAtLength(store, database, sql), database.engine, listenerId, done, Date.now());
  const owner = await store.call('enroll', { pid: 1, now: Date.now(), leaseMs: DAY_MS });
  const wanted = [{ listenerId, limit: 10 }];
  const page = { limit: 50, before: undefined };
  const figures = {
    claim: await median(
      () => store.call('claim', { owner, wanted, now: Date.now() }),
      (i) => store.append(receipt(`growth ${i}`)),
    ),
    events: await median(() => pageOfEvents(store, {}, page)),
    dead: await median(() => pageOfDeliveries(store, { state: 'dead' }, page)),
    backlogs: await median(() => listenerBacklogs(store)),
    retention: await median(() => oldestStep(store)),
  };
  const cells = Object.values(figures).map((ms) => `${ms.toFixed(2)} ms`);
  console.log(`| ${[name, done.toLocaleString('en'), ...cells].join(' | ')} |`);
  await store.close();
}

/** Runs a statement that takes minutes: on PostgreSQL, the store's own connections would give it up. */
async function runAtLength(store: Store, database: Database, sql: string): Promise<void> {
  if (database.engine === 'sqlite') {
    await store.call('query', { sql, parameters: [] });
    return;
  }
  const client = new pg.Client({ connectionString: database.url.export().toString() });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** A hundred events of the oldest of a hundred days, where there are any. */
function oldestStep(store: Store): Promise<unknown> {
  const now = Date.now();
  return store.call('retain', { part: 'log', before: now - 90 * DAY_MS, now });
}

/** The median of how long something takes, in milliseconds; `before` each time is not measured. */
async function median(
  work: () => Promise<unknown>,
  before: (i: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    await before(i);
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(TIMES / 2)] ?? 0;
}
