import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { DIALECTS, type Dialect, type Engine } from '../dialect.js';
import * as initial from './0001-initial.js';
import * as listeners from './0002-listeners.js';
import * as operations from './0003-operations.js';
import * as functions from './0004-functions.js';
import * as retention from './0005-retention.js';

/** A step of the schema. The version before goes on serving while it runs, and after it. */
interface SchemaStep {
  up(db: Kysely<unknown>, dialect: Dialect): Promise<void>;
}

const STEPS: Readonly<Record<string, SchemaStep>> = {
  '0001-initial': initial,
  '0002-listeners': listeners,
  '0003-operations': operations,
  '0004-functions': functions,
  '0005-retention': retention,
};

/** All migrations of an engine by name; Kysely runs them in the order of their names. */
export function migrationsOf(engine: Engine): Record<string, Migration> {
  const migrations = Object.entries(STEPS).map(([name, step]): [string, Migration] => [
    name,
    { up: (db: Kysely<unknown>) => step.up(db, DIALECTS[engine]) },
  ]);
  return Object.fromEntries(migrations);
}
