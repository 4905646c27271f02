import type { Database } from '../config/database.js';
import { SqliteStore } from './sqlite/store.js';
import type { Store, StoreOptions } from './store.js';

/**
 * Opens the store, makes it where it is missing, and brings its schema up to date.
 *
 * @param onBroken called once if nothing can be stored any more until the process is started anew.
 * @throws StoreOpenError that says what to do.
 * @example
 * const store = await openStore({ engine: 'sqlite', file: './data/interactions.db' }, { maxPending: 2000 });
 */
export async function openStore(
  database: Database,
  options: StoreOptions,
  onBroken: (error: Error) => void = () => undefined,
): Promise<Store> {
  if (database.engine === 'postgres') {
    // Its driver is loaded where it is used alone.
    const { PostgresStore } = await import('./postgres/store.js');
    return PostgresStore.open(database, options, onBroken);
  }
  return SqliteStore.open(database, options, onBroken);
}
