import { createHash } from 'node:crypto';

import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Schema } from '../schema.js';

/** A table that is copied. */
export interface Table {
  readonly name: keyof Schema;
  /** By which its rows are gone through. */
  readonly key: readonly string[];
  /** Whether the key's first column is numbered by the store. */
  readonly numbered?: true;
  /** Whether the order of keys depends on the engine. */
  readonly text?: true;
  /** Whether its rows have bodies. */
  readonly wide?: true;
}

/** What is not among them belongs to the place: the probe, and how far the retention is. */
export const TABLES: readonly Table[] = [
  { name: 'listeners', key: ['id'], numbered: true },
  { name: 'channels', key: ['name'], text: true },
  { name: 'workers', key: ['id'], numbered: true },
  { name: 'receipts', key: ['id'], numbered: true, wide: true },
  { name: 'events', key: ['seq'], numbered: true },
  { name: 'deliveries', key: ['seq', 'listener_id'] },
  { name: 'attempts', key: ['seq', 'listener_id', 'attempt'] },
  { name: 'quarantine', key: ['id'], numbered: true, wide: true },
  { name: 'replays', key: ['id'], numbered: true },
  { name: 'interactions', key: ['interaction_key'], text: true },
  { name: 'transcripts', key: ['seq'], wide: true },
  { name: 'audit_log', key: ['id'], numbered: true },
];

export type Row = Readonly<Record<string, unknown>>;
export type Key = readonly unknown[];

/** Rows that are read and written at once. */
const PAGE_ROWS = { wide: 50, narrow: 500 };

/** The next rows behind a key. */
export async function readPage(db: Kysely<Schema>, table: Table, after: Key | undefined): Promise<Row[]> {
  const columns = sql.join(table.key.map((column) => sql.ref(column)));
  const behind = after === undefined ? sql`` : sql`where (${columns}) > (${sql.join(after.map(bound))})`;
  const query = sql<Row>`select * from ${sql.table(table.name)} ${behind} order by ${columns} limit ${sql.lit(table.wide ? PAGE_ROWS.wide : PAGE_ROWS.narrow)}`;
  const { rows } = await query.execute(db);
  return rows.map(storable);
}

export async function readRow(db: Kysely<Schema>, table: Table, key: Key): Promise<Row | undefined> {
  const columns = sql.join(table.key.map((column) => sql.ref(column)));
  const query = sql<Row>`select * from ${sql.table(table.name)} where (${columns}) = (${sql.join(key.map(bound))})`;
  const [row] = (await query.execute(db)).rows;
  return row && storable(row);
}

/** The last key of a table. */
export async function lastKey(db: Kysely<Schema>, table: Table): Promise<Key | undefined> {
  const order = sql.join(table.key.map((column) => sql`${sql.ref(column)} desc`));
  const columns = sql.join(table.key.map((column) => sql.ref(column)));
  const query = sql<Row>`select ${columns} from ${sql.table(table.name)} order by ${order} limit 1`;
  const [row] = (await query.execute(db)).rows;
  return row && keyOf(table, row);
}

/** How many rows there are, up to a key. */
export async function countRows(db: Kysely<Schema>, table: Table, last?: Key): Promise<number> {
  const columns = sql.join(table.key.map((column) => sql.ref(column)));
  const upTo = last === undefined ? sql`` : sql`where (${columns}) <= (${sql.join(last.map(bound))})`;
  const query = sql<{ count: number }>`select count(*) as count from ${sql.table(table.name)} ${upTo}`;
  return (await query.execute(db)).rows[0]?.count ?? 0;
}

export function keyOf(table: Table, row: Row): Key {
  return table.key.map((column) => row[column]);
}

/** A digest of rows that is the same in whatever order they come. */
export class Digest {
  private sum = 0n;

  add(row: Row): void {
    this.sum += BigInt(`0x${hashOf(row)}`);
  }

  get hex(): string {
    return BigInt.asUintN(256, this.sum).toString(16).padStart(64, '0');
  }
}

/** A hash of a row that is the same on both engines. */
export function hashOf(row: Row): string {
  const hash = createHash('sha256');
  for (const column of Object.keys(row).toSorted()) {
    const value = row[column];
    if (value === null) hash.update(`${column}:null;`);
    else if (value instanceof Uint8Array) hash.update(`${column}:${value.length}:`).update(value);
    else hash.update(`${column}:${JSON.stringify(value)};`);
  }
  return hash.digest('hex');
}

/** PostgreSQL's text has no U+0000: as the store does, messages are written without (docs/decisions/0012). */
function storable(row: Row): Row {
  const entries = Object.entries(row).map(([column, value]) => [
    column,
    typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

function bound(value: unknown): RawBuilder<unknown> {
  return sql`${value}`;
}
