import { afterEach, describe, expect, it } from '@jest/globals';

import type { Environment } from '../../src/config/app-config.js';
import { Recorder } from '../support/listeners.js';
import { eventsOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

describe('RETENTION_DAYS', () => {
  const services: TestService[] = [];
  afterEach(async () => {
    for (const service of services.splice(0).toReversed()) await service.stop();
  });

  async function start(env: Environment, dataDir?: string): Promise<TestService> {
    const options = { listeners: [new Recorder().module()], ...(dataDir !== undefined && { dataDir }) };
    const service = await TestService.start(env, options);
    services.push(service);
    return service;
  }

  it('removes what is older, in the process that delivers', async () => {
    const first = await start({});
    await first.post(payload());
    await first.post(payload());
    await until(async () => (await doneOf(first)) === 2);
    const { builder } = first.store;
    await first.store.query(builder.updateTable('events').set({ received_at: Date.now() - 3 * 86_400_000 }));

    const second = await start({ RETENTION_DAYS: '4', ROLES: 'deliver' }, first.dataDir);
    await until(async () => (await nextRun(first)) > 0);
    services.splice(services.indexOf(second), 1);
    await second.stop();
    expect(await eventsOf(first)).toHaveLength(2);

    // As if some minutes had passed. Who only receives does not look.
    await first.store.query(builder.updateTable('retention').set({ next_at: 0 }));
    await start({ RETENTION_DAYS: '2', ROLES: 'receive' }, first.dataDir);
    expect(await nextRun(first)).toBe(0);
    await start({ RETENTION_DAYS: '2' }, first.dataDir);
    // The last one keeps its number from coming twice.
    await until(async () => (await eventsOf(first)).length === 1);
  });
});

async function doneOf({ store }: TestService): Promise<number> {
  const done = store.builder.selectFrom('deliveries').select('seq').where('state', '=', 'done');
  return (await store.query(done)).length;
}

async function nextRun({ store }: TestService): Promise<number> {
  const [row] = await store.query(store.builder.selectFrom('retention').select('next_at'));
  return row?.next_at ?? 0;
}
