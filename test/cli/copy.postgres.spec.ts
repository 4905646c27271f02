import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';

import { sqliteDatabase } from '../../src/config/database.js';
import { copyStore } from '../../src/store/copy/copy.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { connectTo, databaseEnv, databaseOf, removeDatabase } from '../support/engine.js';
import { receipt } from '../support/store.js';
import { until } from '../support/until.js';
import { cli, Folder, type Ended } from './command-line.js';

const EVENTS = 3_000;

/** Fills a store with some of everything, and stops as a service does. */
async function fill(store: Store): Promise<void> {
  const listener = { name: 'crm', from: 'now', filter: {} } as const;
  const { crm = 0 } = await store.call('register', { listeners: [listener], now: 1 });
  await Promise.all(Array.from({ length: EVENTS }, (_, i) => store.append(receipt(`interaction-${i}`))));
  const owner = await store.call('enroll', { pid: 1, now: Date.now(), leaseMs: 60_000 });
  const wanted = [{ listenerId: crm, limit: 40 }];
  const { deliveries } = await store.call('claim', { owner, wanted, now: 2 });
  const settlements = deliveries.map(({ listenerId, attempt, interactionKey, event }, i) => ({
    seq: event.seq,
    listenerId,
    owner,
    attempt,
    interactionKey,
    startedAt: 1,
    duration: 1,
    result:
      i % 2 === 0
        ? ({ state: 'done' } as const)
        : ({ state: 'dead', outcome: 'permanent', error: 'a\0b – ü', park: false } as const),
  }));
  await store.call('settle', { settlements, now: 3 });
  await store.append({ ...receipt('x'), events: [] });
  const draft = { channel: 'default', traceId: undefined, secretIndex: 0, receivedAt: 1, errors: ['no'] };
  await store.quarantine({ ...draft, body: Buffer.from([0, 255, 1, 0xc3]) });
  await store.call(
    'setPaused',
    { listenerId: crm, paused: true },
    {
      at: 1,
      role: 'operator',
      requestedBy: 'somebody',
      address: '::1',
      action: 'listeners.pause',
      target: {},
    },
  );
  await store.call('retire', { owner, now: 4, begun: true });
}

describe('copy', () => {
  const folder = new Folder();
  const file = folder.file('interactions.db');
  const from = `sqlite:${file}`;
  let target: Folder;
  let client: Client;
  beforeAll(async () => {
    const store = await openStore(sqliteDatabase(file), { maxPending: 10_000 });
    await fill(store);
    await store.close();
  });
  afterAll(() => folder.remove());
  beforeEach(async () => {
    target = new Folder();
    client = await connectTo(target.path);
  });
  afterEach(async () => {
    await client.end();
    await removeDatabase(target.path);
    target.remove();
  });

  /** Runs it with the target in the environment, and sees that no password is printed. */
  async function copy(...args: readonly string[]): Promise<Ended> {
    const env = { COPY_TO: (await databaseEnv(target.path))['DATABASE_URL'] };
    const ended = await cli(['copy', '--from', from, ...args], { env });
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('test-password');
    return ended;
  }
  const count = async (table: string): Promise<number> => {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    return rows[0]?.count ?? 0;
  };

  it('moves all of it, with its numbers, and proves it table by table', async () => {
    const { code, stdout, stderr } = await copy('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { same, tables } = JSON.parse(stdout) as {
      same: boolean;
      tables: { table: string; rows: number[] }[];
    };
    expect(same).toBe(true);
    expect(Object.fromEntries(tables.map(({ table, rows }) => [table, rows]))).toMatchObject({
      events: [EVENTS, EVENTS],
      receipts: [EVENTS + 1, EVENTS + 1],
      deliveries: [EVENTS, EVENTS],
      attempts: [20, 20],
      quarantine: [1, 1],
      audit_log: [1, 1],
    });
    const { rows } = await client.query<{ body: Buffer }>('select body from quarantine');
    expect(rows[0]?.body).toEqual(Buffer.from([0, 255, 1, 0xc3]));
    const { rows: errors } = await client.query<{ error: string }>('select distinct error from attempts');
    expect(errors).toEqual([{ error: 'a\ufffdb – ü' }]);

    const store = await openStore(await databaseOf(target.path), { maxPending: 10 });
    const [known] = await store.append(receipt('interaction-0'));
    expect(known?.seq).toBe(0);
    const [fresh] = await store.append(receipt('a new one'));
    expect(fresh?.seq).toBeGreaterThan(EVENTS);
    await store.close();
  });

  it('goes on after it was killed, and has nothing to do the third time', async () => {
    const loader = pathToFileURL('test/support/typescript.mjs').href;
    const args = ['--import', loader, join(process.cwd(), 'src/cli/main.ts'), 'copy', '--from', from];
    const env = { COPY_TO: (await databaseEnv(target.path))['DATABASE_URL'] };
    const child = spawn(process.execPath, args, { cwd: folder.path, env, stdio: 'ignore' });
    const exited = once(child, 'exit');
    await until(async () => (await count('receipts')) >= 100);
    child.kill('SIGKILL');
    await expect(exited).resolves.toEqual([null, 'SIGKILL']);
    const before = await count('receipts');
    expect(before).toBeLessThan(EVENTS);

    for (const [copied, code] of [
      [EVENTS + 1 - before, 0],
      [0, 0],
    ]) {
      const ended = await copy('--json');
      expect(ended.code).toBe(code);
      const { tables } = JSON.parse(ended.stdout) as { tables: { table: string; copied: number }[] };
      expect(tables.find(({ table }) => table === 'receipts')?.copied).toBe(copied);
    }
  });

  it('refuses a target that has something else in it, and changes nothing there', async () => {
    const store = await openStore(await databaseOf(target.path), { maxPending: 10 });
    await store.append(receipt('somebody else'));
    await store.close();
    const { code, stderr } = await copy();
    expect(code).toBe(1);
    expect(stderr).toMatch(/has other data in its table receipts\. Copy into an empty database/);
    expect(await count('receipts')).toBe(1);
    expect(await count('listeners')).toBe(0);
  });

  it('says that the two are not the same where a row has changed', async () => {
    await copy();
    await client.query('update events set late = 1 where seq = 7');
    const { code, stdout, stderr } = await copy();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^events +${EVENTS} +0 +[0-9a-f]{16} +NO: ${EVENTS} rows$`, 'm'));
    expect(stdout).toMatch(/^receipts +\d+ +0 +[0-9a-f]{16} +yes$/m);
    expect(stderr).toContain('The two are not the same.');
  });

  it('refuses while a service is at work on either', async () => {
    const store = await openStore(sqliteDatabase(file), { maxPending: 10 });
    const worker = await store.call('enroll', { pid: 4711, now: Date.now(), leaseMs: 60_000 });
    const { code, stderr } = await copy();
    await store.call('retire', { owner: worker, now: Date.now(), begun: false });
    await store.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`A service is at work on ${file} (process 4711). Stop it`);
    expect(await count('receipts')).toBe(0);
  });

  it('moves it back as well, with the URL from a file', async () => {
    await copy();
    const { DATABASE_URL: url = '' } = await databaseEnv(target.path);
    writeFileSync(target.file('url'), `${url}\n`);
    const env = { COPY_FROM_FILE: target.file('url') };
    const args = ['copy', '--to', `sqlite:${target.file('back.db')}`, '--json'];
    const { code, stdout, stderr } = await cli(args, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ same: true });
  });

  it('says which URL is missing or wrong, and repeats none', async () => {
    const missing = await cli(['copy', '--from', from]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('Name the store with --to') });
    const wrong = await cli(['copy', '--from', 'mysql://u:hidden@h', '--to', from]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).not.toContain('hidden');
    const absent = await cli(['copy', '--from', from, '--to', 'postgres://u:hidden@127.0.0.1:1/x']);
    expect(absent.code).toBe(69);
    expect(absent.stderr).not.toContain('hidden');
  });

  it('says so when the source was written meanwhile, by a process that only receives', async () => {
    const store = await openStore(sqliteDatabase(file), { maxPending: 10 });
    let written: Promise<unknown> | undefined;
    const onProgress = (): void => {
      written ??= store.append(receipt('in the middle of it'));
    };
    const copied = copyStore(sqliteDatabase(file), await databaseOf(target.path), { onProgress });
    await expect(copied).rejects.toThrow('was written while it was copied');
    await written;
    await store.close();
    expect((await copy()).code).toBe(0);
  });
});
