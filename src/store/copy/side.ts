import Database from 'better-sqlite3';
import { Kysely, PostgresDialect, sql, SqliteDialect } from 'kysely';

import type { Database as Location } from '../../config/database.js';
import type { Engine } from '../dialect.js';
import type { Schema } from '../schema.js';

/** One of the two stores of a copy. */
export interface Side {
  readonly engine: Engine;
  readonly db: Kysely<Schema>;
}

/** Opens the store that is read: as it is at this moment, and so it stays to the end. */
export async function openSource(location: Location): Promise<Side> {
  const side = await open(location, true);
  const begin = side.engine === 'sqlite' ? 'begin' : 'begin isolation level repeatable read read only';
  await sql.raw(begin).execute(side.db);
  await sql`select name from kysely_migration`.execute(side.db);
  return side;
}

/** Opens the store that is written. Each statement is on disk when it is over. */
export function openTarget(location: Location): Promise<Side> {
  return open(location, false);
}

async function open(location: Location, readonly: boolean): Promise<Side> {
  const { engine } = location;
  if (engine === 'sqlite') {
    const database = new Database(location.file, { readonly, fileMustExist: true });
    if (!readonly) database.pragma('synchronous = FULL');
    return { engine, db: new Kysely<Schema>({ dialect: new SqliteDialect({ database }) }) };
  }
  const [{ default: pg }, { connectionOptions }] = await Promise.all([
    import('pg'),
    import('../postgres/connections.js'),
  ]);
  // One connection, so that what is begun on it stays begun; and no limits, as a table can be large.
  const pool = new pg.Pool({
    ...connectionOptions(location),
    max: 1,
    idleTimeoutMillis: 0,
    statement_timeout: 0,
    query_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  });
  pool.on('error', () => undefined);
  return { engine, db: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }) };
}
