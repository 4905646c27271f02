/**
 * `npm run demo:replicas`: three replicas on one PostgreSQL behind a round-robin proxy, under load, while one
 * after the other is killed without warning and started again. Ctrl-C ends it, `--seconds N` after that long.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { PostgresServer } from '../../test/support/postgres-server.js';
import { RoundRobin } from './round-robin.js';
import { Replica } from './replica.js';
import { Traffic } from './traffic.js';

const WEBHOOK_PATH = '/nexus/v3/some/interactions/webhook/path';
const REPLICAS = 3;
const KILL_EVERY_MS = 4_000;
const LINE_EVERY_MS = 500;
/** What a killed replica had claimed waits for the end of its lease, 10 s, and for its turn. */
const DRAIN_LIMIT_MS = 60_000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0' } } });
const seconds = Number(values.seconds);
if (!(seconds >= 0)) throw new Error(`--seconds takes a number, and not ${values.seconds}.`);

const ending = new AbortController();
// The server's package ends it on a signal: here it goes last, in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort());

const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-demo-'));
const secret = randomUUID();
console.log('Starting PostgreSQL and three replicas …');
const server = await PostgresServer.start();
const client = new pg.Client({ connectionString: server.url() });
client.on('error', () => undefined);
await client.connect();
const replicas = Array.from({ length: REPLICAS }, (_, i) => new Replica(i + 1, server.url(), folder, secret));
const proxy = await RoundRobin.start(() => replicas.flatMap(({ port }) => port ?? []));
let kills = 0;
try {
  await Promise.all(replicas.map((replica) => replica.start()));
  // From here on: how long it takes to start is another matter.
  if (seconds > 0) setTimeout(() => ending.abort(), seconds * 1_000).unref();
  console.log(
    `Sending to http://127.0.0.1:${proxy.port}, which passes on to each in turn. Ctrl-C ends it.\n`,
  );
  const traffic = new Traffic(`http://127.0.0.1:${proxy.port}${WEBHOOK_PATH}`, secret);
  const line = setInterval(() => void print(traffic), LINE_EVERY_MS);
  await Promise.all([traffic.run(ending.signal), killInTurn()]);
  console.log('\nNo more is sent or killed; what is stored is delivered to its end …');
  const end = Date.now() + DRAIN_LIMIT_MS;
  while (Date.now() < end && (await count()).delivered < traffic.acknowledged.size)
    await delay(LINE_EVERY_MS);
  clearInterval(line);
  process.exitCode = (await print(traffic)) === 0 ? 0 : 1;
  console.log('');
} finally {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await proxy.stop();
  await client.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Kills one after the other, and starts it again. */
async function killInTurn(): Promise<void> {
  for (let i = 0; ; i++) {
    const isOver = await delay(KILL_EVERY_MS, false, { signal: ending.signal }).catch(() => true);
    if (isOver) return;
    const replica = replicas[i % replicas.length];
    kills++;
    await replica?.kill();
    await replica?.start();
  }
}

async function count(): Promise<{ stored: number; delivered: number }> {
  const { rows } = await client.query<{ stored: string; delivered: string }>(
    `select (select count(*) from events) as stored,
       (select count(distinct seq) from deliveries where state = 'done') as delivered`,
  );
  return { stored: Number(rows[0]?.stored), delivered: Number(rows[0]?.delivered) };
}

/** Prints where things stand; returns how many acknowledged events are not stored. */
async function print({ sent, acknowledged }: Traffic): Promise<number> {
  // Before the rows are read: what is acknowledged meanwhile would look as if it were lost.
  const names = [...acknowledged];
  const query = 'select count(*) from events where operation_id = any ($1)';
  const { rows } = await client.query<{ count: string }>(query, [names]);
  const lost = names.length - Number(rows[0]?.count);
  const { stored, delivered } = await count();
  const up = replicas.map(({ port, number }) => (port === undefined ? '✗' : String(number))).join(' ');
  const text = `replicas ${up}   kills ${kills}   sent ${sent}   stored ${stored}   delivered ${delivered}   lost ${lost}`;
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  return lost;
}
