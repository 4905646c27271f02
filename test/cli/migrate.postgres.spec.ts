import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { migrationsOf } from '../../src/store/migrations/index.js';
import { connectTo, databaseEnv, removeDatabase } from '../support/engine.js';
import { cli, Folder } from './command-line.js';

const STEPS = Object.keys(migrationsOf('postgres'));

describe('migrate, on PostgreSQL', () => {
  const folder = new Folder();
  beforeAll(async () => {
    const client = await connectTo(folder.path);
    await client.query('drop schema public cascade; create schema public');
    await client.end();
  });
  afterAll(async () => {
    await removeDatabase(folder.path);
    folder.remove();
  });
  const migrate = async (...args: readonly string[]) => {
    const env = await databaseEnv(folder.path);
    const { code, stdout, stderr } = await cli(['migrate', '--json', ...args], { env });
    expect(`${stdout}${stderr}`).not.toContain(new URL(env['DATABASE_URL'] ?? '').password);
    return { code, stderr, ...(JSON.parse(stdout) as { before: string[]; steps: string[] }) };
  };

  it('makes the schema, once, however many do it at the same time', async () => {
    expect(await migrate('--dry-run')).toMatchObject({ code: 0, before: [], steps: STEPS });
    expect(await migrate('--dry-run')).toMatchObject({ code: 0, before: [], steps: STEPS });
    for (const { code, stderr } of await Promise.all([migrate(), migrate()])) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    expect(await migrate()).toMatchObject({ code: 0, before: STEPS, steps: [] });
  });
});
