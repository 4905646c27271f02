import { existsSync } from 'node:fs';

import type { AppConfig } from '../../config/app-config.js';
import { databaseName, type Database } from '../../config/database.js';
import { codeOf, fault, ok, warning, type Check } from './check.js';

const NAME = 'store';

/** Whether the store opens, and what its schema is. Nothing in it is changed: a service may be using it. */
export async function checkStore({ database, migrate }: AppConfig): Promise<Check> {
  const where = databaseName(database);
  if (database.engine === 'sqlite' && !existsSync(database.file)) {
    return ok(NAME, `${where} is not there yet; the start makes it.`);
  }
  // Not before: what it loads is large.
  const { inspectStore } = await import('../../store/inspect.js');
  try {
    const { version, applied, pending, unknown } = await inspectStore(database);
    const at = applied.at(-1);
    const opened = `${where} opens (${version})`;
    if (unknown.length > 0) {
      const told = `${opened}, and was written by a newer version: it has ${unknown.join(', ')}.`;
      return fault(NAME, told, 'Start that version, or use another DATA_DIR.');
    }
    if (pending.length > 0) {
      const told = `${opened}; its schema is ${at === undefined ? 'empty' : `at ${at}`}, and ${pending.join(', ')} is to come.`;
      if (!migrate)
        return fault(
          NAME,
          told,
          'Run "interactions-webhook migrate": with MIGRATE=off, the service does not start so.',
        );
      return warning(NAME, told, 'The next start brings it up to date.');
    }
    return ok(NAME, `${opened}; its schema is up to date (${at ?? 'empty'}).`);
  } catch (error) {
    const told = `${where} does not open (${codeOf(error)}).`;
    const todo =
      database.engine === 'sqlite'
        ? "Check that it is the service's store, is whole, and can be read by this user."
        : 'Check DATABASE_URL, that the server runs, and that it lets this machine and user in.';
    return fault(NAME, told, todo);
  }
}

/** The files of a store, where it is one. */
export function storeFiles(database: Database): string[] {
  if (database.engine !== 'sqlite') return [];
  return ['', '-wal', '-shm'].map((suffix) => database.file + suffix);
}
