import pg from 'pg';

import type { Environment } from '../../src/config/app-config.js';
import { parseDatabaseUrl, sqliteDatabase, type Database } from '../../src/config/database.js';

/** The engine that tests run on: jest.config.js runs those of the store and of delivery once on each. */
export const ENGINE = ((globalThis as { ENGINE?: string }).ENGINE ?? 'sqlite') as Database['engine'];

/** Set by postgres-setup.ts: the server of this run, and its database to copy from. */
const SERVER = 'TEST_POSTGRES_URL';
export const TEMPLATE = 'template_of_tests';

const made = new Map<string, Promise<string>>();
let counter = 0;

/** The database that belongs to a data folder: in it, or, on PostgreSQL, a copy of an empty one, made at first. */
export async function databaseOf(dataDir: string): Promise<Database> {
  const { DATABASE_URL: url } = await databaseEnv(dataDir);
  return url === undefined ? sqliteDatabase(`${dataDir}/interactions.db`) : parseDatabaseUrl(url);
}

/** The variables that lead a service to the database of a data folder. */
export async function databaseEnv(dataDir: string): Promise<Environment> {
  if (ENGINE === 'sqlite') return {};
  let url = made.get(dataDir);
  if (url === undefined) made.set(dataDir, (url = copyTemplate()));
  return { DATABASE_URL: await url };
}

/** Removes the database of a data folder; whoever is still connected is cut off. */
export async function removeDatabase(dataDir: string): Promise<void> {
  const url = await made.get(dataDir);
  if (url === undefined) return;
  made.delete(dataDir);
  await asAdministrator(`drop database "${new URL(url).pathname.slice(1)}" with (force)`);
}

/** Another process' connection to the database of a data folder. Only on PostgreSQL. */
export async function connectTo(dataDir: string): Promise<pg.Client> {
  const { DATABASE_URL: connectionString } = await databaseEnv(dataDir);
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function copyTemplate(): Promise<string> {
  const name = `test_${process.pid}_${counter++}_${Date.now()}`;
  await asAdministrator(`create database ${name} template ${TEMPLATE}`);
  const url = new URL(serverUrl());
  url.pathname = name;
  return url.href;
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  await client.query(statement);
  await client.end();
}

function serverUrl(): string {
  const url = process.env[SERVER];
  if (url === undefined) throw new Error(`${SERVER} is not set: see postgres-setup.ts.`);
  return url;
}
