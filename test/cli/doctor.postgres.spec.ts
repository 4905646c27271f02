import { expect, it } from '@jest/globals';

import type { Check } from '../../src/cli/doctor/check.js';
import { connectTo, databaseEnv, removeDatabase } from '../support/engine.js';
import { cli, Folder } from './command-line.js';

it('doctor tells the version and the schema of a PostgreSQL store, and changes nothing in it', async () => {
  const folder = new Folder();
  const { DATABASE_URL = '' } = await databaseEnv(folder.path);
  const database = await connectTo(folder.path);
  const store = async (url = DATABASE_URL): Promise<Check | undefined> => {
    const env = { DATABASE_URL: url, DATA_DIR: folder.path, PORT: '0' };
    const { stdout } = await cli(['doctor', '--json'], { env });
    return (JSON.parse(stdout) as { checks: Check[] }).checks.find(({ name }) => name === 'store');
  };
  const told = (expected: RegExp): { told: unknown } => ({ told: expect.stringMatching(expected) });
  expect(await store()).toMatchObject({
    state: 'ok',
    ...told(/opens \(PostgreSQL \d+.*its schema is up to date \(\d{4}-/),
  });
  await database.query("delete from kysely_migration where name >= '0003'");
  for (let times = 0; times < 2; times++) {
    expect(await store()).toMatchObject({
      state: 'warning',
      ...told(/schema is at 0002-listeners, and 0003-/),
    });
  }
  await database.query('drop table kysely_migration');
  expect(await store()).toMatchObject({ state: 'warning', ...told(/schema is empty, and 0001-/) });
  const wrong = new URL(DATABASE_URL);
  wrong.password = 'not-the-one';
  const refused = await store(wrong.href);
  expect(refused).toMatchObject({ state: 'fault', todo: expect.stringContaining('DATABASE_URL') });
  expect(JSON.stringify(refused)).not.toContain('not-the-one');
  await database.end();
  await removeDatabase(folder.path);
  folder.remove();
});
