import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterEach, expect, it } from '@jest/globals';

import type { ServiceProcess } from '../support/service-process.js';
import { payload } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { TestStore } from '../support/store.js';
import { until } from '../support/until.js';
import { RECOVERS_WITHIN_MS, TEST_MS } from './limits.js';

const folder = new StartFolder();
const place = TestStore.create();
afterEach(async () => {
  await folder.remove();
  await place.remove();
}, TEST_MS);

it(
  'a replica that stood still for longer than its lease changes nothing that others have done since',
  async () => {
    const store = await place.open();
    const woken = folder.file('woken');
    const start = async (REPLICA: string): Promise<ServiceProcess> =>
      folder.start({
        DATABASE_URL: await place.url(),
        LISTENERS: resolve('test/postgres/fencing.module.ts'),
        WOKEN: woken,
        REPLICA,
      });
    const first = await start('first');
    expect((await first.post(payload('STARTED', 'fenced'))).status).toBe(200);
    expect((await first.post(payload('FINISHED', 'fenced'))).status).toBe(200);
    await until(() => first.output.includes('handed STARTED attempt 1'));
    first.kill('SIGSTOP');
    const second = await start('second');
    await until(() => second.output.includes('handed FINISHED attempt 1'), RECOVERS_WITHIN_MS);
    expect(second.output).toMatch(/handed STARTED attempt 2\n[^]*handed FINISHED attempt 1/);
    const rows = store.builder
      .selectFrom('deliveries')
      .select(['state', 'attempt', 'last_error'])
      .orderBy('seq');
    await until(async () => (await store.query(rows)).every(({ state }) => state === 'done'));

    writeFileSync(woken, '');
    first.kill('SIGCONT');
    await until(() => /lease of this worker ended|results came after/.test(first.output), RECOVERS_WITHIN_MS);
    // It works on as another worker, and what it was late for stays as it is.
    await second.end();
    await until(
      async () => (await first.post(payload('STARTED', 'next'))).status === 200,
      RECOVERS_WITHIN_MS,
    );
    await until(
      () => /handed STARTED attempt 1\n[^]*handed STARTED attempt 1\n/.test(first.output),
      RECOVERS_WITHIN_MS,
    );
    await until(async () => (await store.query(rows)).every(({ state }) => state === 'done'));
    const states = (await store.query(rows)).map(({ state, attempt }) => [state, attempt]);
    expect(states).toEqual([
      ['done', 2],
      ['done', 1],
      ['done', 1],
    ]);
    await expect(store.query(store.builder.selectFrom('attempts').selectAll())).resolves.toEqual([]);
  },
  TEST_MS,
);
