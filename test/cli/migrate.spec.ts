import { existsSync } from 'node:fs';

import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { migrationsOf } from '../../src/store/migrations/index.js';
import { TestService } from '../support/service.js';
import { cli, Folder } from './command-line.js';

const STEPS = Object.keys(migrationsOf('sqlite'));
const LAST = STEPS.at(-1) ?? '';

describe('migrate', () => {
  let folder: Folder;
  let file: string;
  beforeEach(() => {
    folder = new Folder();
    file = folder.file('interactions.db');
  });
  afterEach(() => folder.remove());
  const migrate = (...args: readonly string[]) =>
    cli(['migrate', ...args], { cwd: folder.path, env: { DATA_DIR: folder.path } });

  function change(statements: string): void {
    const sqlite = new Database(file);
    sqlite.exec(statements);
    sqlite.close();
  }

  it('says what it would do, and does nothing, and then does it', async () => {
    const to = (word: string) => STEPS.map((step) => `  ${word}  ${step}\n`).join('');
    const dry = await migrate('--dry-run');
    expect(dry).toEqual({
      code: 0,
      stderr: '',
      stdout: `The schema of ${file} is at empty.\n${to('to come')}`,
    });
    expect(existsSync(file)).toBe(false);
    const done = await migrate();
    expect(done).toEqual({
      code: 0,
      stderr: '',
      stdout: `The schema of ${file} was at empty.\n${to('done')}`,
    });
    expect(await migrate()).toEqual({
      code: 0,
      stderr: '',
      stdout: `The schema of ${file} is up to date (${LAST}).\n`,
    });
  });

  it('takes the steps that are missing, as a service with MIGRATE=off asks for', async () => {
    const [before, steps] = [STEPS.slice(0, -1), STEPS.slice(-1)];
    const database = new Database(file);
    const db = new Kysely({ dialect: new SqliteDialect({ database }) });
    const provider = { getMigrations: () => Promise.resolve(migrationsOf('sqlite')) };
    await new Migrator({ db, provider }).migrateTo(before.at(-1) ?? '');
    await db.destroy();
    const start = (): Promise<TestService> => TestService.start({ MIGRATE: 'off' }, { dataDir: folder.path });
    await expect(start()).rejects.toThrow('Run "interactions-webhook migrate"');
    const { code, stdout } = await migrate('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      store: file,
      dryRun: false,
      before,
      steps,
    });
    await (await start()).stop();
  });

  it('leaves the store of a newer version alone, and says which steps it does not know', async () => {
    await migrate();
    change("insert into kysely_migration (name, timestamp) values ('9999-later', '')");
    for (const args of [[], ['--dry-run']]) {
      expect(await migrate(...args)).toEqual({
        code: 1,
        stdout: '',
        stderr: `${file}: The store was written by a newer version of this service: its schema has 9999-later. Run the migrate of that version.\n`,
      });
    }
  });

  it('ends with 69 where no database answers, and with 2 where the configuration is wrong', async () => {
    const env = { DATABASE_URL: 'postgres://user:hidden@127.0.0.1:1/store' };
    const absent = await cli(['migrate'], { env });
    expect(absent).toMatchObject({ code: 69, stdout: '' });
    expect(absent.stderr).toContain('postgres://user@127.0.0.1:1/store cannot be opened (ECONNREFUSED');
    expect(absent.stderr).not.toContain('hidden');
    const wrong = await cli(['migrate'], { env: { DATABASE_URL: 'mysql://user:hidden@host' } });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('DATABASE_URL must be sqlite:PATH');
    expect(wrong.stderr).not.toContain('hidden');
  });
});
