import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { payload, TestService } from '../support/service.js';
import { cli, Folder } from './command-line.js';

describe('backup', () => {
  const folder = new Folder();
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await service.post(payload('STARTED', 'first'));
  });
  afterAll(async () => {
    await service.stop();
    folder.remove();
  });
  const backup = (args: readonly string[], env = {}) =>
    cli(['backup', ...args], { cwd: folder.path, env: { DATA_DIR: service.dataDir, ...env } });

  function idsIn(file: string): unknown[] {
    const copy = new Database(folder.file(file), { readonly: true, fileMustExist: true });
    try {
      return copy.prepare('select interaction_id from events order by seq').pluck().all();
    } finally {
      copy.close();
    }
  }

  it('copies what is committed of a running service, in one file for its owner alone', async () => {
    const { code, stdout, stderr } = await backup(['copy.db']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Copied .+interactions\.db to .+copy\.db: \d+ bytes, events up to 1, checked\.\n$/,
    );
    expect(readdirSync(folder.path)).toEqual(['copy.db']);
    expect(statSync(folder.file('copy.db')).mode & 0o777).toBe(0o600);
    expect(idsIn('copy.db')).toEqual(['first']);
  });

  it('is the store at one moment, however fast the service writes meanwhile', async () => {
    let over = false;
    const writing = Array.from({ length: 8 }, async () => {
      let sent = 0;
      for (; !over; sent++) expect((await service.post(payload())).status).toBe(200);
      return sent;
    });
    const { code, stdout } = await backup(['busy.db', '--json']);
    over = true;
    await Promise.all(writing);
    expect(code).toBe(0);
    const { lastSeq, bytes, ...rest } = JSON.parse(stdout) as Record<string, number>;
    expect(rest).toEqual({
      file: expect.stringMatching(/busy\.db$/),
      source: `${service.dataDir}/interactions.db`,
    });
    expect(bytes).toBe(statSync(folder.file('busy.db')).size);
    expect(lastSeq).toBeGreaterThan(1);
    const copy = new Database(folder.file('busy.db'), { readonly: true });
    const whole = copy.prepare(
      'select count(*) as events, max(seq) as last, count(r.id) as receipts from events e left join receipts r on r.id = e.receipt_id',
    );
    expect(whole.get()).toEqual({ events: lastSeq, last: lastSeq, receipts: lastSeq });
    copy.close();
  });

  it('is a store that a service starts on', async () => {
    const place = new Folder();
    await cli(['backup', place.file('interactions.db')], { env: { DATA_DIR: service.dataDir } });
    const restored = await TestService.start({}, { dataDir: place.path });
    const events = restored.store.builder
      .selectFrom('events')
      .select('interaction_id')
      .orderBy('seq')
      .limit(1);
    expect(await restored.store.query(events)).toEqual([{ interaction_id: 'first' }]);
    await restored.stop();
    place.remove();
  });

  it('replaces a file only when it is told to', async () => {
    writeFileSync(folder.file('mine.txt'), 'mine');
    const refused = await backup(['mine.txt']);
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr: 'mine.txt is there already. Name another file, or add --force to replace it.\n',
    });
    expect(readFileSync(folder.file('mine.txt'), 'utf8')).toBe('mine');
    expect((await backup(['--force', 'mine.txt'])).code).toBe(0);
    expect(idsIn('mine.txt')[0]).toBe('first');
  });

  it('never replaces the store itself', async () => {
    for (const name of ['interactions.db', 'interactions.db-wal', './interactions.db']) {
      const { code, stderr } = await backup(['--force', `${service.dataDir}/${name}`]);
      expect(code).toBe(2);
      expect(stderr).toContain('is the store itself');
    }
    expect((await service.post(payload())).status).toBe(200);
  });

  it('leaves nothing behind where the copy cannot be made', async () => {
    const data = new Folder();
    writeFileSync(data.file('interactions.db'), 'no database at all, but long enough to look at'.repeat(100));
    const before = readdirSync(folder.path);
    const { code, stderr } = await backup(['bad.db'], { DATA_DIR: data.path });
    expect(code).toBe(1);
    expect(stderr).toMatch(/could not be copied to .*bad\.db \(SQLITE_NOTADB: .*\)\. Nothing was written/);
    expect(readdirSync(folder.path)).toEqual(before);
    data.remove();
  });

  it('says what is missing', async () => {
    const data = new Folder();
    const missing = await backup(['x.db'], { DATA_DIR: data.path });
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain(`There is no store at ${data.file('interactions.db')}.`);
    expect(existsSync(data.file('interactions.db'))).toBe(false);
    data.remove();
    expect(await backup(['nowhere/x.db'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no folder '),
    });
  });

  it('names pg_dump for PostgreSQL, and no password', async () => {
    const url = 'postgres://user:hidden@db.example/store';
    const { code, stderr } = await backup(['x.dump'], { DATABASE_URL: url });
    expect(code).toBe(2);
    expect(stderr).toContain('pg_dump --format=custom --file=x.dump postgres://user@db.example/store');
    expect(stderr).not.toContain('hidden');
  });
});
