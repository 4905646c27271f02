import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type ColumnDefinitionBuilder,
  type RawBuilder,
} from 'kysely';

import type { Database } from '../config/database.js';
import type { Schema } from './schema.js';

export type Engine = Database['engine'];

/**
 * Where the engines differ in what schema and queries are written in: the only place that says so. What they do
 * differently at run time is in the folders of their names.
 */
export interface Dialect {
  /** Type of an id, a `seq`, or a time in milliseconds: 53 bits at least. */
  readonly integer: 'integer' | 'bigint';
  /** Type of a count or a flag. */
  readonly small: 'integer';
  readonly bytes: 'blob' | 'bytea';
  /** Makes an {@link integer} column the primary key that numbers its rows. */
  readonly numbered: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** The same, where no number may ever come twice, even after its row was deleted. */
  readonly neverReused: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** Ends the definition of a table that is found by its primary key alone and changed often. */
  readonly keyed: RawBuilder<unknown>;
  /** Refuses to change or delete what a table has: whoever can write SQL can still drop that, but not by mistake. */
  readonly appendOnly: (table: string) => readonly RawBuilder<unknown>[];
  /** Whether what must be one round trip and one transaction is a function in the database. */
  readonly hasFunctions: boolean;
}

export const DIALECTS: Readonly<Record<Engine, Dialect>> = {
  sqlite: {
    integer: 'integer',
    small: 'integer',
    bytes: 'blob',
    numbered: (column) => column.primaryKey(),
    neverReused: (column) => column.primaryKey().autoIncrement(),
    keyed: sql`without rowid`,
    appendOnly: (table) =>
      (['update', 'delete'] as const).map(
        (change) =>
          sql`create trigger ${sql.id(`${table}_no_${change}`)} before ${sql.raw(change)} on ${sql.table(table)}
            begin select raise(abort, ${sql.lit(`${table} is append-only`)}); end`,
      ),
    hasFunctions: false,
  },
  postgres: {
    integer: 'bigint',
    small: 'integer',
    bytes: 'bytea',
    numbered: (column) => column.generatedByDefaultAsIdentity().primaryKey(),
    neverReused: (column) => column.generatedByDefaultAsIdentity().primaryKey(),
    // Each delivery is written two or three times: dead rows are cleared after thousands, not after a fifth.
    keyed: sql`with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000)`,
    appendOnly: (table) => [
      sql`create function ${sql.id(`${table}_no_change`)}() returns trigger language plpgsql
        as $$ begin raise exception ${sql.lit(`${table} is append-only`)}; end $$`,
      sql`create trigger ${sql.id(`${table}_no_change`)} before update or delete or truncate on ${sql.table(table)}
        for each statement execute function ${sql.id(`${table}_no_change`)}()`,
    ],
    hasFunctions: true,
  },
};

const COMPILERS = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
};

/** Builds and compiles queries in an engine's SQL, and runs none. */
export function createBuilder(engine: Engine): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: { ...COMPILERS[engine], createDriver: () => new DummyDriver() } });
}
