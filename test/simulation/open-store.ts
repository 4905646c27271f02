import { ENGINE } from '../support/engine.js';
import { SimulatedPostgres } from './postgres-store.js';
import { SimulatedSqlite } from './sqlite-store.js';
import type { SimulatedStore } from './store.js';

/** Opens the store of a simulation, on the engine that the tests run on. */
export function openSimulatedStore(): Promise<SimulatedStore> {
  return ENGINE === 'sqlite' ? SimulatedSqlite.open() : SimulatedPostgres.open();
}
