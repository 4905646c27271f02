import { createSecretKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';

/** Where the store is. */
export type Database = SqliteDatabase | PostgresDatabase;

export interface SqliteDatabase {
  readonly engine: 'sqlite';
  readonly file: string;
}

export interface PostgresDatabase {
  readonly engine: 'postgres';
  /** As it was given, password and all; a `KeyObject` prints nothing. */
  readonly url: KeyObject;
  /** The URL without password and parameters: what may be shown. */
  readonly name: string;
}

const MUST =
  'must be sqlite:PATH, such as sqlite:./data/interactions.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE';

/**
 * Reads `DATABASE_URL`. No message echoes it: there may be a password in it.
 *
 * @throws Error whose message ends the sentence "DATABASE_URL …".
 */
export function parseDatabaseUrl(text: string): Database {
  if (text.startsWith('sqlite:') && text !== 'sqlite:') return sqliteDatabase(text.slice('sqlite:'.length));
  if (!/^postgres(ql)?:\/\//.test(text)) throw new Error(MUST);
  const url = URL.parse(text);
  if (url === null || !decodes(url) || url.hash !== '') {
    throw new Error(`${MUST}; characters such as # / ? @ and % in a password are written percent-encoded`);
  }
  const user = url.username === '' ? '' : `${url.username}@`;
  const name = `postgres://${user}${url.host}${url.pathname}`;
  return Object.freeze({ engine: 'postgres', url: createSecretKey(text, 'utf8'), name });
}

export function sqliteDatabase(file: string): SqliteDatabase {
  return Object.freeze({ engine: 'sqlite', file: resolve(file) });
}

/** What may be shown of a database, and is enough to find it. */
export function databaseName(database: Database): string {
  return database.engine === 'sqlite' ? database.file : database.name;
}

function decodes({ username, password, pathname }: URL): boolean {
  try {
    return [username, password, pathname].map(decodeURIComponent).length > 0;
  } catch {
    return false;
  }
}
