import { afterEach, describe, expect, it } from '@jest/globals';

import type { Type } from '@nestjs/common';

import { Recorder } from '../support/listeners.js';
import { statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Workshop } from '../support/workshop.js';

/** What these tests read of `/health/ready`. */
interface ReadyReport {
  readonly details: {
    readonly backlog: { readonly status: string; readonly seconds: { readonly recorder: number } };
  };
}

const services: TestService[] = [];
async function start(listeners: Type[], dataDir?: string): Promise<TestService> {
  const service = await TestService.start({}, { listeners, ...(dataDir === undefined ? {} : { dataDir }) });
  services.push(service);
  return service;
}
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

describe('a listener that is no longer loaded', () => {
  it('keeps its deliveries, is shown with its backlog, and gets them when it is loaded again', async () => {
    const recorder = new Recorder();
    const first = await start([recorder.module()]);
    await first.app.close();

    const without = await start([], first.dataDir);
    await without.post(payload('STARTED', 'one'));
    await without.post(payload('FINISHED', 'one'));
    expect(await statesOf(without)).toEqual(['pending', 'blocked']);
    const backlog = async (): Promise<{ status: string; seconds: { recorder: number } }> => {
      const { details } = (await without.send('GET', '/health/ready')).json as ReadyReport;
      return details.backlog;
    };
    await until(async () => (await backlog()).seconds.recorder >= 1);
    expect((await backlog()).status).toBe('up');
    expect(await statesOf(without)).toEqual(['pending', 'blocked']);
    await without.app.close();

    const again = await start([recorder.module()], first.dataDir);
    await until(async () => (await statesOf(again)).every((state) => state === 'done'));
    expect(recorder.seen.map(({ type }) => type)).toEqual(['STARTED', 'FINISHED']);
  });

  it('is named in a warning when the service starts', async () => {
    const shop = new Workshop();
    const first = await shop.start('test/delivery/misbehaving.module.ts');
    await first.end();
    const second = await shop.start();
    const warnings = second.output.split('\n').filter((line) => line.includes('"level":"warn"'));
    await shop.close();
    expect(first.output).not.toContain('Not loaded');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('Not loaded: misbehaving.');
  });
});

describe('a listener that is new', () => {
  it('is given events from then on, and none of before', async () => {
    const first = await start([]);
    await first.post(payload('STARTED', 'before'));
    await first.app.close();
    const recorder = new Recorder();
    const second = await start([recorder.module()], first.dataDir);
    await second.post(payload('STARTED', 'after'));
    await until(() => recorder.seen.length === 1);
    expect(recorder.seen).toMatchObject([{ id: 'after', attempt: 1 }]);
    expect(await statesOf(second)).toHaveLength(1);
  });
});
