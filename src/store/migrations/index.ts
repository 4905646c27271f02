import type { Migration } from 'kysely/migration';

import * as initial from './0001-initial.js';
import * as listeners from './0002-listeners.js';

/** All migrations by name; Kysely runs them in the order of their names. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-listeners': listeners,
};
