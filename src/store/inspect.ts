import Database from 'better-sqlite3';

import type { Database as Location, PostgresDatabase } from '../config/database.js';
import { migrationsOf } from './migrations/index.js';

/** What a store is found to be. */
export interface StoreReport {
  /** Of the engine, such as `SQLite 3.51.4`. */
  readonly version: string;
  /** Migrations that it has had, in their order. */
  readonly applied: readonly string[];
  /** Migrations that the next start will run. */
  readonly pending: readonly string[];
  /** Migrations of a newer version. */
  readonly unknown: readonly string[];
}

/** Where Kysely's migrator keeps what it has run. */
const APPLIED = 'select name from kysely_migration order by name';

/**
 * Looks at a store without changing it, whether a service uses it or not.
 *
 * @throws whatever the engine has against it.
 */
export async function inspectStore(location: Location): Promise<StoreReport> {
  const { version, applied } =
    location.engine === 'sqlite' ? inspectSqlite(location.file) : await inspectPostgres(location);
  const known = Object.keys(migrationsOf(location.engine));
  return {
    version,
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

type Inspected = Pick<StoreReport, 'version' | 'applied'>;

function inspectSqlite(file: string): Inspected {
  const sqlite = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const { version } = sqlite.prepare('select sqlite_version() as version').get() as { version: string };
    const table = sqlite.prepare("select 1 from sqlite_schema where name = 'kysely_migration'").get();
    const rows = table === undefined ? [] : (sqlite.prepare(APPLIED).all() as { name: string }[]);
    return { version: `SQLite ${version}`, applied: rows.map(({ name }) => name) };
  } finally {
    sqlite.close();
  }
}

async function inspectPostgres(location: PostgresDatabase): Promise<Inspected> {
  // Its driver is loaded where it is used alone.
  const { Client } = (await import('pg')).default;
  const { connectionOptions } = await import('./postgres/connections.js');
  const client = new Client(connectionOptions(location));
  await client.connect();
  try {
    const { rows: versions } = await client.query<{ server_version: string }>('show server_version');
    const { rows: tables } = await client.query<{ name: string | null }>(
      "select to_regclass('kysely_migration')::text as name",
    );
    const { rows } = tables[0]?.name ? await client.query<{ name: string }>(APPLIED) : { rows: [] };
    return {
      version: `PostgreSQL ${versions[0]?.server_version ?? ''}`,
      applied: rows.map(({ name }) => name),
    };
  } finally {
    await client.end();
  }
}
