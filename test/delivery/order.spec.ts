import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { ListenerOptions } from '../../src/events/on-interaction.decorator.js';
import { RetryLaterError } from '../../src/events/delivery.js';
import { Recorder } from '../support/listeners.js';
import { statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

const services: TestService[] = [];
async function start(recorder: Recorder, options?: ListenerOptions, dataDir?: string): Promise<TestService> {
  const from = dataDir === undefined ? {} : { dataDir };
  const service = await TestService.start({}, { listeners: [recorder.module(options)], ...from });
  services.push(service);
  return service;
}
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});
const allDone = async (service: TestService, count: number): Promise<boolean> => {
  const states = await statesOf(service);
  return states.length === count && states.every((state) => state === 'done');
};

describe('the events of one interaction', () => {
  it('wait until the one before is done, however often that fails', async () => {
    const recorder = new Recorder();
    recorder.handle = async ({ type }, { attempt }) => {
      await delay(2);
      if (type === 'STARTED' && attempt < 6) throw new Error('down');
    };
    const service = await start(recorder);
    await service.post(payload('STARTED', 'one'));
    await service.post(payload('FINISHED', 'one'));
    await until(() => allDone(service, 2));
    expect(recorder.seen.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((attempt) => `STARTED ${attempt}`),
      'FINISHED 1',
    ]);
  });

  it('keep the order of the array in which they came', async () => {
    const recorder = new Recorder();
    recorder.handle = () => delay(1);
    const service = await start(recorder);
    const subtypes = ['InboundNew', 'SMS', 'WhatsApp', 'Outbound', 'TwitterPublic'];
    const order: unknown[] = [];
    recorder.handle = async ({ interactionSubtype }) => {
      await delay(Math.random() * 5);
      order.push(interactionSubtype);
    };
    const body = (subtype: string, i: number): object => ({
      event: i === 0 ? 'STARTED' : 'FINISHED',
      entity: { id: 'one', interactionSubtype: subtype },
    });
    await service.post({ data: { entities: subtypes.map(body) } });
    await until(() => allDone(service, subtypes.length));
    expect(order).toEqual(subtypes);
  });

  it('keep their order among hundreds of others, and never run at once', async () => {
    const recorder = new Recorder();
    const running = new Set<string>();
    const overlaps: string[] = [];
    const order = new Map<string, (string | undefined)[]>();
    recorder.handle = async ({ interactionId: id = '', type }, { attempt }) => {
      if (running.has(id)) overlaps.push(id);
      running.add(id);
      await delay(Math.random() * 3);
      running.delete(id);
      if (attempt < 3 && Math.random() < 0.3) throw new Error('now and then');
      order.set(id, [...(order.get(id) ?? []), type]);
    };
    const service = await start(recorder, { concurrency: 16 });
    await Promise.all(
      Array.from({ length: 150 }, async (_, i) => {
        await service.post(payload('STARTED', `id-${i}`));
        await service.post(payload('FINISHED', `id-${i}`));
      }),
    );
    await until(() => allDone(service, 300));
    expect(overlaps).toEqual([]);
    expect(order.size).toBe(150);
    expect([...order.values()].filter((types) => types.join() !== 'STARTED,FINISHED')).toEqual([]);
  });

  it('keep their order when the service ends and starts again between them', async () => {
    const recorder = new Recorder();
    recorder.handle = () => {
      throw new RetryLaterError(1);
    };
    const first = await start(recorder);
    await first.post(payload('STARTED', 'one'));
    await until(() => recorder.seen.length === 1);
    await first.post(payload('FINISHED', 'one'));
    await first.app.close();

    recorder.handle = () => undefined;
    const second = await start(recorder, {}, first.dataDir);
    expect(await statesOf(second)).toEqual(['pending', 'blocked']);
    await until(() => allDone(second, 2));
    expect(recorder.seen.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual([
      'STARTED 1',
      'STARTED 2',
      'FINISHED 1',
    ]);
  });

  it('are kept in order for each listener on its own', async () => {
    const slow = new Recorder('slow');
    const quick = new Recorder('quick');
    const released = Promise.withResolvers<unknown>();
    slow.handle = ({ type }) => (type === 'STARTED' ? released.promise : undefined);
    const service = await TestService.start({}, { listeners: [slow.module(), quick.module()] });
    services.push(service);
    await service.post(payload('STARTED', 'one'));
    await service.post(payload('FINISHED', 'one'));
    await until(() => quick.seen.length === 2);
    expect(await statesOf(service, 'slow')).toEqual(['running', 'blocked']);
    released.resolve(undefined);
    await until(() => slow.seen.length === 2);
  });
});

describe("a listener's concurrency", () => {
  it.each([1, 3])('of %i is used to the full and never exceeded', async (concurrency) => {
    const recorder = new Recorder();
    const gate = Promise.withResolvers<unknown>();
    let running = 0;
    let most = 0;
    recorder.handle = async () => {
      most = Math.max(most, ++running);
      await gate.promise;
      await delay(1);
      running--;
    };
    const service = await start(recorder, { concurrency });
    await Promise.all(Array.from({ length: 40 }, () => service.post(payload())));
    await until(() => running === concurrency);
    gate.resolve(undefined);
    await until(() => allDone(service, 40));
    expect(most).toBe(concurrency);
  });
});
