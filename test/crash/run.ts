/**
 * `npm run test:crash -- --rounds 20 [--seed 7] [--postgres]`: kills the service, without warning and under load,
 * over and over, and then looks whether every event that it had acknowledged is stored, was handled, and in
 * order. With `--postgres` three replicas share a PostgreSQL, and one of them at a time is killed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { killReplicas } from '../postgres/replicas.js';
import { PostgresServer } from '../support/postgres-server.js';
import { ServiceProcess } from '../support/service-process.js';
import { parse } from './journal.js';
import { seeded } from './random.js';
import { RetryingSender } from './sender.js';
import { judge, nameOf, type Verdict } from './verdict.js';

/** A round ends with a kill at a moment up to this long after the service listens. */
const LONGEST_ROUND_MS = 1_500;
/** What a killed process had claimed waits for the end of its lease, 10 s, and for the look at it, 2.5 s. */
const DRAIN_LIMIT_MS = 60_000;
/** How long the last posts may take, each delivered again until it is acknowledged. */
const FINISH_LIMIT_MS = 30_000;
/** Faults of a kind that are printed; one cause makes thousands. */
const SHOWN = 10;
/** Those that share a PostgreSQL. */
const REPLICAS = 3;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
  },
});
const rounds = wholeNumber('rounds', values.rounds);
const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 2 ** 31));
const random = seeded(seed);

const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-crash-'));
// The package of the server has handlers of its own, which end the server first.
if (!values.postgres) {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

console.log(
  `${rounds} rounds, --seed ${seed}${values.postgres ? `, ${REPLICAS} replicas on PostgreSQL` : ''}`,
);
const faults = await (values.postgres ? runReplicas() : run());
const kept = values.postgres ? 'The journal is' : 'The store and the journal are';
if (faults.length === 0) rmSync(folder, { recursive: true, force: true });
else console.error(`${faults.join('\n')}\n${kept} kept in ${folder}.`);
process.exit(faults.length === 0 ? 0 : 1);

async function run(): Promise<string[]> {
  let service = await start();
  const sender = new RetryingSender(() => service.port, seeded(seed + 1), `crash-${seed}`);
  sender.start();
  for (let round = 1; round <= rounds; round++) {
    const acknowledged = sender.acknowledged.size;
    await delay(random() * LONGEST_ROUND_MS);
    if (!service.running) throw new Error(`The service ended by itself:\n${service.output}`);
    await service.end('SIGKILL');
    const { size } = sender.acknowledged;
    console.log(`round ${round}: killed, ${size - acknowledged} events acknowledged in it, ${size} in all`);
    service = await start();
  }
  const finished = await Promise.race([sender.finish().then(() => true), delay(FINISH_LIMIT_MS, false)]);
  const store = await openStore(
    { engine: 'sqlite', file: join(folder, 'interactions.db') },
    { maxPending: 1 },
  );
  await drain(store);
  const { code } = await service.end('SIGTERM');
  const verdict = await judgeRun(sender, store);
  await store.close();
  report(`${sender.acknowledged.size} (redelivered ${sender.redeliveries})`, verdict);
  return [
    ...(code === 0 ? [] : [`The service stopped with code ${code}:\n${service.output.slice(-2_000)}`]),
    ...(finished ? [] : ['Posts are not acknowledged, however often they are sent.']),
    ...faultsOf(verdict, sender.acknowledged.size),
  ];
}

async function runReplicas(): Promise<string[]> {
  const server = await PostgresServer.start();
  const url = server.url();
  try {
    const store = await openStore(parseDatabaseUrl(url), { maxPending: 1 });
    const onKill = (kill: number, acknowledged: number): void =>
      console.log(`round ${kill}: killed a replica, ${acknowledged} events acknowledged in all`);
    const options = { url, store, folder, replicas: REPLICAS, kills: rounds, random, onKill };
    const verdict = await killReplicas(options).finally(() => store.close());
    report(String(verdict.acknowledged), verdict);
    return faultsOf(verdict, verdict.acknowledged);
  } finally {
    await server.stop();
  }
}

function start(): Promise<ServiceProcess> {
  return ServiceProcess.start(folder, {
    LISTENERS: resolve('test/crash/journal.module.ts'),
    JOURNAL: join(folder, 'journal'),
    LOG_LEVEL: 'info',
  });
}

/** Waits until nothing is open any more; what still is after the limit, the verdict names. */
async function drain(store: Store): Promise<void> {
  const query = store.builder
    .selectFrom('deliveries')
    .select((q) => q.fn.countAll<number>().as('count'))
    .where('holds', '=', 1);
  const end = Date.now() + DRAIN_LIMIT_MS;
  while (Date.now() < end && ((await store.query(query))[0]?.count ?? 0) > 0) await delay(200);
}

async function judgeRun(sender: RetryingSender, store: Store): Promise<Verdict> {
  const rows = await store.query(
    store.builder
      .selectFrom('events as e')
      .leftJoin('deliveries as d', 'd.seq', 'e.seq')
      .select(['e.interaction_id', 'e.type', 'd.state']),
  );
  const named = rows.map((row) => ({ name: nameOf(String(row.interaction_id), String(row.type)), ...row }));
  const stored = named.map(({ name }) => name);
  const open = named.filter(({ state }) => state !== 'done').map(({ name }) => name);
  return judge(sender, stored, open, parse(readFileSync(join(folder, 'journal'), 'utf8')));
}

function report(acknowledged: string, verdict: Verdict): void {
  console.log(
    [
      `acknowledged ${acknowledged}`,
      `lost ${verdict.lost.length}`,
      `out of order ${verdict.outOfOrder.length}`,
      `unexpected ${verdict.unexpected.length}`,
      `duplicates ${verdict.duplicates}`,
      `cut off ${verdict.cutOff}`,
    ].join(', '),
  );
}

function faultsOf({ lost, outOfOrder, unexpected }: Verdict, acknowledged: number): string[] {
  return [
    ...(acknowledged > rounds ? [] : ['Hardly anything was acknowledged: nothing is shown.']),
    ...[lost, outOfOrder, unexpected].flatMap(shown),
  ];
}

function shown(faults: readonly string[]): string[] {
  const more = faults.length - SHOWN;
  return [...faults.slice(0, SHOWN), ...(more > 0 ? [`… and ${more} more of this kind`] : [])];
}

function wholeNumber(name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  console.error(`--${name} takes a whole number, not "${value}".`);
  return process.exit(2);
}
