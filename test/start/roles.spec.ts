import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { payload } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const journal = (): string[] => readFileSync(folder.file('journal'), 'utf8').split('\n').slice(0, -1);

describe('a process that receives and one that delivers, on one file', () => {
  it('can start at the same time where there is nothing yet, and each does its part', async () => {
    const listeners = { LISTENERS: resolve('test/start/journal.module.ts'), JOURNAL: folder.file('journal') };
    const [receiver, deliverer] = await Promise.all([
      folder.start({ ...listeners, ROLES: 'receive' }),
      folder.start({ ...listeners, ROLES: 'deliver' }),
    ]);
    const ids = Array.from({ length: 20 }, (_, i) => `interaction-${i}`);
    const answers = await Promise.all(ids.map((id) => receiver.post(payload('STARTED', id))));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    await until(() => journal().length === 40);
    const done = journal().filter((line) => line.startsWith('done'));
    expect(done.map((line) => line.split(' ')[1]).sort()).toEqual([...ids].sort());
    expect(await deliverer.end()).toEqual({ code: 0, signal: null });

    await receiver.post(payload('STARTED', 'later'));
    expect(await receiver.end()).toEqual({ code: 0, signal: null });
    expect(journal()).toHaveLength(40);
    await folder.start({ ...listeners, ROLES: 'deliver', WEBHOOK_SECRET: undefined, NODE_ENV: 'production' });
    await until(() => journal().includes('done later journal:21 1'));
  });
});

describe('a process that is killed while it delivers', () => {
  it('leaves its deliveries to another one, which runs them with the same id', async () => {
    const listeners = { LISTENERS: resolve('test/start/journal.module.ts'), JOURNAL: folder.file('journal') };
    const first = await folder.start(listeners);
    await first.post(payload('STARTED', 'endless'));
    await until(() => journal().includes('begin endless journal:1 1'));
    const second = await folder.start(listeners);
    await first.end('SIGKILL');
    // Not before its lease has ended: until then nobody can know that it is dead.
    await until(() => journal().length === 2, 20_000);
    expect(journal()[1]).toBe('begin endless journal:1 2');
    expect((await second.post(payload('STARTED', 'next'))).status).toBe(200);
  }, 40_000);
});
