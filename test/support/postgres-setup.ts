/** One PostgreSQL server for all tests of a run. Each test has a database of its own, copied from a template. */
import pg from 'pg';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { openStore } from '../../src/store/open.js';
import { TEMPLATE } from './engine.js';
import { PostgresServer } from './postgres-server.js';

let server: PostgresServer | undefined;

export async function setup(): Promise<void> {
  server = await PostgresServer.start();
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  const store = await openStore(parseDatabaseUrl(server.url(TEMPLATE)), { maxPending: 1 });
  await store.close();
  process.env['TEST_POSTGRES_URL'] = server.url();
}

export async function teardown(): Promise<void> {
  await server?.stop();
}
