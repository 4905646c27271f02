import { existsSync } from 'node:fs';

import { sql } from 'kysely';

import { databaseName, type Database } from '../../config/database.js';
import { StoreOpenError } from '../errors.js';
import { inspectStore } from '../inspect.js';
import { migrateStore } from '../migrate-store.js';
import { openSource, openTarget, type Side } from './side.js';
import {
  countRows,
  Digest,
  hashOf,
  keyOf,
  lastKey,
  readPage,
  readRow,
  TABLES,
  type Table,
} from './tables.js';

/** A table, and what is in it on both sides. */
export interface CopiedTable {
  readonly table: string;
  /** Rows that this run copied. */
  readonly copied: number;
  readonly rows: readonly [from: number, to: number];
  readonly digests: readonly [from: string, to: string];
  /** Whether both sides have the same. */
  readonly same: boolean;
}

export interface CopyOptions {
  readonly signal?: AbortSignal;
  /** Told of rows that were gone through, of how many in all. */
  readonly onProgress?: (rows: number, total: number) => void;
}

/** Why a copy was refused, or did not come out right. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
}

/**
 * Copies a store into an empty one, ids and all, and compares the two. One that was cut off goes on where it was.
 *
 * @throws CopyError when a process is at work on either, or the target has something else in it.
 */
export async function copyStore(
  from: Database,
  to: Database,
  options: CopyOptions = {},
): Promise<CopiedTable[]> {
  await requireSameSchema(from);
  await migrateStore(to, false);
  const sides: Side[] = [];
  try {
    const source = await openSource(from);
    sides.push(source);
    const target = await openTarget(to);
    sides.push(target);
    await refuseWorkers(source, databaseName(from));
    await refuseWorkers(target, databaseName(to));
    for (const table of TABLES) await refuseOther(source, target, table, databaseName(to));
    const report = await copyTables(source, target, options);
    await refuseChange(from, source);
    return report;
  } finally {
    for (const { db } of sides) await db.destroy();
  }
}

async function copyTables(
  source: Side,
  target: Side,
  { signal, onProgress }: CopyOptions,
): Promise<CopiedTable[]> {
  const counts = await Promise.all(TABLES.map((table) => countRows(source.db, table)));
  // Each row is copied, and then read once more on either side.
  const total = 3 * counts.reduce((sum, count) => sum + count, 0);
  const pass = (rows: number): void => {
    signal?.throwIfAborted();
    onProgress?.(rows, total);
  };
  const copied = new Map<Table, number>();
  for (const table of TABLES) copied.set(table, await copyTable(source, target, table, pass));
  if (target.engine === 'postgres') for (const table of TABLES) await setSequence(target, table);
  const report: CopiedTable[] = [];
  for (const table of TABLES) {
    const [a, b] = [await digestOf(source, table, pass), await digestOf(target, table, pass)];
    report.push({
      table: table.name,
      copied: copied.get(table) ?? 0,
      rows: [a.rows, b.rows],
      digests: [a.digest, b.digest],
      same: a.rows === b.rows && a.digest === b.digest,
    });
  }
  return report;
}

async function copyTable(
  source: Side,
  target: Side,
  table: Table,
  pass: (rows: number) => void,
): Promise<number> {
  let after = table.text ? undefined : await lastKey(target.db, table);
  if (after !== undefined) pass(await countRows(target.db, table));
  let copied = 0;
  for (;;) {
    const rows = await readPage(source.db, table, after);
    const last = rows.at(-1);
    if (last === undefined) return copied;
    const insert = target.db
      .insertInto(table.name)
      .values(rows)
      .onConflict((c) => c.doNothing());
    copied += Number((await insert.executeTakeFirst()).numInsertedOrUpdatedRows ?? 0);
    pass(rows.length);
    after = keyOf(table, last);
  }
}

async function digestOf(
  { db }: Side,
  table: Table,
  pass: (rows: number) => void,
): Promise<{ rows: number; digest: string }> {
  const digest = new Digest();
  let count = 0;
  for (let page = await readPage(db, table, undefined); page.length > 0;) {
    for (const row of page) digest.add(row);
    count += page.length;
    pass(page.length);
    page = await readPage(db, table, keyOf(table, page.at(-1) ?? {}));
  }
  return { rows: count, digest: digest.hex };
}

/** The next number is behind those that were copied. */
async function setSequence({ db }: Side, { name, key: [column = ''], numbered }: Table): Promise<void> {
  if (!numbered) return;
  await sql`select setval(pg_get_serial_sequence(${name}, ${column}), max(${sql.ref(column)}))
    from ${sql.table(name)} having max(${sql.ref(column)}) is not null`.execute(db);
}

async function requireSameSchema(from: Database): Promise<void> {
  const name = databaseName(from);
  if (from.engine === 'sqlite' && !existsSync(from.file))
    throw new CopyError(`There is no store at ${name}.`);
  const { applied, pending, unknown } = await inspectStore(from);
  if (applied.length === 0) throw new CopyError(`There is no store at ${name}.`);
  if (unknown.length > 0) throw new StoreOpenError(`${name} was written by a newer version of this service.`);
  if (pending.length > 0) {
    throw new CopyError(
      `The schema of ${name} is not up to date. Run "interactions-webhook migrate" on it first.`,
    );
  }
}

/** Whoever is at work would go on with what is in the one, and not in the other. */
async function refuseWorkers({ db }: Side, name: string): Promise<void> {
  const alive = await db.selectFrom('workers').select('pid').where('lease_until', '>', Date.now()).execute();
  if (alive.length === 0) return;
  throw new CopyError(
    `A service is at work on ${name} (process ${alive.map(({ pid }) => pid).join(', ')}). Stop it, and run this again; after a crash, 15 s later.`,
  );
}

/** What is in the target must be what an earlier run copied. */
async function refuseOther(source: Side, target: Side, table: Table, name: string): Promise<void> {
  if (table.text) return;
  const last = await lastKey(target.db, table);
  if (last === undefined) return;
  const [theirs, ours] = [await readRow(target.db, table, last), await readRow(source.db, table, last)];
  const same = theirs !== undefined && ours !== undefined && hashOf(theirs) === hashOf(ours);
  if (same && (await countRows(source.db, table, last)) === (await countRows(target.db, table))) return;
  throw new CopyError(
    `${name} has other data in its table ${table.name}. Copy into an empty database, or into one that an interrupted copy of this store has left.`,
  );
}

/** A process that only receives is no worker: that one is found by what it has written. */
async function refuseChange(from: Database, before: Side): Promise<void> {
  const now = await openSource(from);
  try {
    await refuseWorkers(now, databaseName(from));
    if ((await stateOf(now)) === (await stateOf(before))) return;
  } finally {
    await now.db.destroy();
  }
  throw new CopyError(
    `${databaseName(from)} was written while it was copied: what came since is not in the copy. Stop every service on it, and run this again.`,
  );
}

async function stateOf({ db }: Side): Promise<string> {
  const [row] = await db
    .selectNoFrom((q) => [
      q
        .selectFrom('receipts')
        .select((r) => r.fn.max('id').as('id'))
        .as('receipt'),
      q
        .selectFrom('events')
        .select((r) => r.fn.max('seq').as('id'))
        .as('event'),
      q
        .selectFrom('quarantine')
        .select((r) => r.fn.max('last_at').as('id'))
        .as('quarantined'),
      q
        .selectFrom('audit_log')
        .select((r) => r.fn.max('id').as('id'))
        .as('audited'),
    ])
    .execute();
  return JSON.stringify(row);
}
