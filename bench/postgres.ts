/**
 * `npm run bench:postgres`: what the service makes of a PostgreSQL, beside the same insert called by pgbench on
 * the same server; how a backlog drains; what an event costs with one replica and with several. See
 * docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import pg from 'pg';

import type { Store } from '../src/store/store.js';
import { receipt } from '../test/support/store.js';
import { appendOf, BODY_BYTES, insertBatches } from './postgres/batched-insert.js';
import { Replicas, type Measured } from './postgres/replicas.js';
import { BenchServer } from './postgres/server.js';

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    events: { type: 'string' },
    connections: { type: 'string', default: '256' },
  },
});
const rounds = number('rounds', flags.rounds ?? (flags.smoke ? '1' : '3'));
const seconds = number('seconds', flags.seconds ?? (flags.smoke ? '1' : '10'));
const waiting = number('events', flags.events ?? (flags.smoke ? '5000' : '200000'));
const connections = number('connections', flags.connections);
const REPLICAS = [1, 2, 3];
/** More than a replica on PostgreSQL answers in a second, so that prepared requests do not run out. */
const REQUESTS_PER_SECOND = 20_000;
/** Before the clock starts, so that the compiler has done its work: as part of the measured time. */
const WARM_UP = 0.3;
const FILL_GROUP = 500;
let appended = 0;

const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const server = await BenchServer.start();
try {
  console.log(`Node ${process.version}, ${cpus()[0]?.model} × ${availableParallelism()}, nothing pinned`);
  console.log(await server.describe());
  console.log(`${connections} connections, closed loop, ${seconds} s each\n`);
  const faults: string[] = [];
  for (let round = 1; round <= rounds; round++) faults.push(...(await runRound(round)));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await server.stop();
}

/** Each in turn, so that whatever slows the machine for a while slows all of them. */
async function runRound(round: number): Promise<string[]> {
  const stored = await appendToStore();
  const reference = await pgbench(stored.group);
  const part = (eventsPerSecond: number): string =>
    `${eventsPerSecond.toFixed(0)} events/s, ${(eventsPerSecond / reference.eventsPerSecond).toFixed(2)} of that`;
  console.log(`round ${round} of ${rounds}`);
  console.log(
    `  the insert alone, by ${reference.driver}: ${reference.eventsPerSecond.toFixed(0)} events/s in groups of ${stored.group}, ${reference.databaseMicros.toFixed(0)} µs of the database each`,
  );
  console.log(`  the store, without HTTP and delivery: ${part(stored.eventsPerSecond)}`);
  const faults: string[] = [];
  const print = (what: string, measured: Measured): void => {
    const { eventsPerSecond, serviceMicros, databaseMicros } = measured;
    const cost = `CPU an event: ${serviceMicros.toFixed(0)} µs of the service, ${databaseMicros.toFixed(0)} µs of the database`;
    console.log(`  ${what}: ${part(eventsPerSecond)}; ${cost}`);
    faults.push(...measured.faults.map((fault) => `Round ${round}, ${what}: ${fault}`));
  };
  for (const count of REPLICAS) print(`${count} over HTTP, stored and delivered`, await ingest(count));
  for (const count of REPLICAS) print(`${count} draining a backlog of ${waiting}`, await drain(count));
  return faults;
}

/** What the store appends when as many callers wait as there are connections, and in groups of which size. */
async function appendToStore(): Promise<{ eventsPerSecond: number; group: number }> {
  const { store } = await server.database();
  await appendFor(store, seconds * WARM_UP);
  await server.settle();
  let [commits, receipts] = [0, 0];
  store.onCommit((commit) => {
    commits++;
    receipts += commit.receipts;
  });
  const eventsPerSecond = await appendFor(store, seconds);
  await store.close();
  return { eventsPerSecond, group: Math.max(1, Math.round(receipts / commits)) };
}

/** Events a second. */
async function appendFor(store: Store, limit: number): Promise<number> {
  const body = Buffer.alloc(BODY_BYTES, ' ');
  const [start, before] = [performance.now(), appended];
  const call = async (): Promise<void> => {
    while (performance.now() - start < limit * 1_000) {
      await store.append(receipt(`interaction-${appended++}`, { body, receivedAt: Date.now() }));
    }
  };
  await Promise.all(Array.from({ length: connections }, call));
  return (appended - before) / ((performance.now() - start) / 1_000);
}

async function pgbench(
  group: number,
): Promise<Awaited<ReturnType<typeof insertBatches>> & { databaseMicros: number }> {
  const { url, store } = await server.database();
  await store.close();
  await insertBatches(url, group, Math.ceil(seconds * WARM_UP), folder);
  await server.settle();
  const [before, start] = [server.cpuMs(), performance.now()];
  const result = await insertBatches(url, group, Math.ceil(seconds), folder);
  const events = (result.eventsPerSecond * (performance.now() - start)) / 1_000;
  return { ...result, databaseMicros: ((server.cpuMs() - before) * 1_000) / events };
}

async function ingest(count: number): Promise<Measured> {
  const { url, store } = await server.database();
  await store.close();
  const replicas = await Replicas.start(count, url, folder, server);
  try {
    const requests = Math.ceil((seconds * REQUESTS_PER_SECOND) / count);
    await replicas.ingest(connections, seconds * WARM_UP, requests);
    await server.settle();
    return await replicas.ingest(connections, seconds, requests);
  } finally {
    await replicas.stop();
  }
}

async function drain(count: number): Promise<Measured> {
  const { url, store, listenerId } = await server.database();
  // Until all replicas are up: the first would have drained much of it meanwhile.
  await store.call('setPaused', { listenerId, paused: true });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (let i = 0; i < waiting; i += FILL_GROUP) {
    await client.query(appendOf(Math.min(FILL_GROUP, waiting - i)));
  }
  await client.end();
  await server.settle();
  const replicas = await Replicas.start(count, url, folder, server);
  try {
    return await replicas.drain(waiting, () => store.call('setPaused', { listenerId, paused: false }));
  } finally {
    await replicas.stop();
    await store.close();
  }
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, and not ${text}.`);
  return value;
}
