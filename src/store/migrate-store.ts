import { existsSync } from 'node:fs';

import type { PostgresDatabase, Database } from '../config/database.js';
import { StoreOpenError } from './errors.js';
import { inspectStore } from './inspect.js';
import { migrate } from './migrate.js';
import { migrationsOf } from './migrations/index.js';

/** What a store's schema had, and lacked. */
export interface Migrated {
  readonly before: readonly string[];
  /** Steps that it lacked: in this order they were, or would be, taken. */
  readonly steps: readonly string[];
}

/**
 * Brings the schema of a store up to date, whether services use it or not; it makes a store where there is none.
 *
 * @param dryRun only says what it would do.
 * @throws StoreOpenError when a newer version wrote it, or a step fails: nothing was changed then.
 */
export async function migrateStore(database: Database, dryRun: boolean): Promise<Migrated> {
  const absent = database.engine === 'sqlite' && !existsSync(database.file);
  const { applied, pending, unknown } = absent
    ? { applied: [], pending: Object.keys(migrationsOf(database.engine)), unknown: [] }
    : await inspectStore(database);
  if (unknown.length > 0) {
    throw new StoreOpenError(
      `The store was written by a newer version of this service: its schema has ${unknown.join(', ')}. Run the migrate of that version.`,
    );
  }
  if (!dryRun && pending.length > 0) await carryOut(database);
  return { before: applied, steps: pending };
}

async function carryOut(database: Database): Promise<void> {
  if (database.engine === 'postgres') return migratePostgres(database);
  const { SqliteEngine } = await import('./sqlite/engine.js');
  (await SqliteEngine.open(database.file)).close();
}

async function migratePostgres(database: PostgresDatabase): Promise<void> {
  const [{ Kysely, PostgresDialect }, { default: pg }, { connectionOptions }] = await Promise.all([
    import('kysely'),
    import('pg'),
    import('./postgres/connections.js'),
  ]);
  // Without a limit: a step of the schema may take long.
  const options = { ...connectionOptions(database), max: 1, statement_timeout: 0, query_timeout: 0 };
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool(options) }) });
  try {
    await migrate({ db, engine: 'postgres', name: database.name });
  } finally {
    await db.destroy();
  }
}
