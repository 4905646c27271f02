/** What the store's insert costs when nobody but a driver calls it: the same statement, made up by the database. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import pg from 'pg';

import { APPEND_STATEMENT } from '../../src/store/postgres/append-statement.js';

/** How many connections the store appends on at once. */
const CONNECTIONS = 4;
export const BODY_BYTES = 322;

/** How often the insert was carried out, and by which driver. */
export interface Reference {
  readonly driver: 'pgbench' | 'a loop over pg, since pgbench is not installed';
  readonly eventsPerSecond: number;
}

/** Appends groups of `size` receipts of one event each, on as many connections as the store uses. */
export async function insertBatches(
  url: string,
  size: number,
  seconds: number,
  folder: string,
): Promise<Reference> {
  const statement = appendOf(size);
  try {
    const perSecond = await runPgbench(url, statement, seconds, folder);
    return { driver: 'pgbench', eventsPerSecond: perSecond * size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const perSecond = await runLoop(url, statement, seconds);
    return {
      driver: 'a loop over pg, since pgbench is not installed',
      eventsPerSecond: perSecond * size,
    };
  }
}

/** The store's own statement, with keys as random as the hashes that the service makes. */
export function appendOf(size: number): string {
  const same = (value: string): string => `array_fill(${value}, array[${size}])`;
  const key = `array_agg(left(translate(encode(sha256(%), 'base64'), '+/', '-_'), 22) order by n)`;
  const values = [
    `convert_to(repeat(' ', ${BODY_BYTES * size}), 'UTF8')`,
    same(String(BODY_BYTES)),
    same(`'default'::text`),
    same('null::text'),
    same('0'),
    same('(extract(epoch from now()) * 1000)::bigint'),
    same('null::text'),
    'array_agg(n order by n)',
    same('0'),
    key.replace('%', `convert_to('interaction' || id, 'UTF8')`),
    key.replace('%', `convert_to('event' || id, 'UTF8')`),
    same(`'STARTED'::text`),
    'array_agg(id order by n)',
    same(`'chat'::text`),
    same(`'InboundNew'::text`),
    `array_agg('sessions/' || id order by n)`,
    'array_agg(id order by n)',
    same('false'),
    'null::bigint',
    `'{}'::bigint[]`,
    `'{}'::int[]`,
  ];
  const call = APPEND_STATEMENT.replace(/\$(\d+)/g, (_, i: string) => values[Number(i) - 1] ?? '');
  const rows = `select n, gen_random_uuid()::text as id from generate_series(1, ${size}) n`;
  return `${call} from (${rows}) e`;
}

/** Transactions a second. */
async function runPgbench(url: string, statement: string, seconds: number, folder: string): Promise<number> {
  const file = join(folder, 'append.sql');
  writeFileSync(file, `${statement};\n`);
  const how = ['--no-vacuum', '--protocol=prepared', `--client=${CONNECTIONS}`, `--time=${seconds}`];
  const { stdout } = await promisify(execFile)('pgbench', [...how, `--file=${file}`, url]);
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
  const failed = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
  if (!(perSecond > 0) || failed > 0) throw new Error(`pgbench did not append:\n${stdout}`);
  return perSecond;
}

async function runLoop(url: string, statement: string, seconds: number): Promise<number> {
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const start = performance.now();
  let calls = 0;
  const call = async (client: pg.Client): Promise<void> => {
    while (performance.now() - start < seconds * 1_000) {
      await client.query({ name: 'append', text: statement });
      calls++;
    }
  };
  await Promise.all(clients.map(call));
  const elapsed = performance.now() - start;
  await Promise.all(clients.map((client) => client.end()));
  return calls / (elapsed / 1_000);
}
