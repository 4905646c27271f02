import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';

import type { Engine } from './dialect.js';
import { StoreOpenError } from './errors.js';
import { migrationsOf } from './migrations/index.js';

/** The database whose schema is meant. */
export interface SchemaPlace<DB> {
  readonly db: Kysely<DB>;
  readonly engine: Engine;
  /** What may be shown of it. */
  readonly name: string;
}

/**
 * Brings the schema up to date.
 *
 * @param disableTransactions where the caller has begun one; else all steps share one of their own.
 * @throws StoreOpenError when a newer version wrote it, or a step fails: nothing was changed then.
 */
export async function migrate<DB>(place: SchemaPlace<DB>, disableTransactions = false): Promise<void> {
  await refuseNewer(place);
  const { error } = await migratorOf(place, disableTransactions).migrateToLatest();
  if (error === undefined) return;
  const { message } = error as Error;
  throw new StoreOpenError(`The schema of ${place.name} could not be brought up to date: ${message}.`, {
    cause: error,
  });
}

/** @throws StoreOpenError when the schema is not that of this version. */
export async function requireUpToDate<DB>(place: SchemaPlace<DB>): Promise<void> {
  await refuseNewer(place);
  const missing = await pendingMigrations(place);
  if (missing.length === 0) return;
  throw new StoreOpenError(
    `The schema of ${place.name} lacks ${missing.join(', ')}, and MIGRATE is off. Run "interactions-webhook migrate", or start with MIGRATE=on.`,
  );
}

/** Names of the steps that the schema lacks, in their order. */
async function pendingMigrations<DB>(place: SchemaPlace<DB>): Promise<string[]> {
  const migrations = await migratorOf(place).getMigrations();
  return migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
}

async function refuseNewer<DB>({ db, engine, name }: SchemaPlace<DB>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return;
  const known = new Set(Object.keys(migrationsOf(engine)));
  const applied = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  if (applied.every((migration) => known.has(migration.name))) return;
  throw new StoreOpenError(
    `${name} was written by a newer version of this service. Start that version, or use another ${engine === 'sqlite' ? 'DATA_DIR' : 'database'}.`,
  );
}

function migratorOf<DB>({ db, engine }: SchemaPlace<DB>, disableTransactions = false): Migrator {
  const provider = { getMigrations: () => Promise.resolve(migrationsOf(engine)) };
  return new Migrator({ db, provider, disableTransactions });
}
