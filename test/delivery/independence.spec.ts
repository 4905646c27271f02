import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';

import { PermanentError, RetryLaterError } from '../../src/events/delivery.js';
import { Recorder } from '../support/listeners.js';
import { statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

const forever = (): Promise<never> => new Promise(() => undefined);
const LONG_MS = 600_000;

const services: TestService[] = [];
async function start(...listeners: ReturnType<Recorder['module']>[]): Promise<TestService> {
  const service = await TestService.start({}, { listeners });
  services.push(service);
  return service;
}
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});
async function post(service: TestService, ids: readonly string[]): Promise<void> {
  for (const id of ids) await service.post(payload('STARTED', id));
}
const ids = (count: number, prefix = 'id'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

describe('a listener', () => {
  it.each<[string, () => unknown]>([
    ['hangs', forever],
    ['is slow', () => delay(300)],
    [
      'fails at once',
      () => {
        throw new Error('down');
      },
    ],
    ['gives up at once', () => Promise.reject(new PermanentError('gone'))],
    ['wants to be asked later', () => Promise.reject(new RetryLaterError(60))],
  ])('that %s holds back no other', async (_, behave) => {
    const bad = new Recorder('bad');
    const good = new Recorder('good');
    // A signal that it ignores would hold up the end of this test.
    bad.handle = (_event, { signal }) =>
      Promise.race([behave(), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    const service = await start(bad.module({ concurrency: 1, baseDelayMs: LONG_MS }), good.module());
    await post(service, ids(30));
    await until(() => good.seen.length === 30);
    expect(good.seen.map(({ id }) => id).sort()).toEqual(ids(30).sort());
    expect(bad.seen.length).toBeGreaterThan(0);
    await until(async () => (await statesOf(service, 'good')).every((state) => state === 'done'));
    expect(await statesOf(service, 'bad')).toHaveLength(30);
  });

  it('goes on with other interactions while one of them fails and waits', async () => {
    const recorder = new Recorder();
    recorder.handle = ({ interactionId }) => {
      if (interactionId === 'bad') throw new Error('down');
    };
    const service = await start(recorder.module({ concurrency: 1, baseDelayMs: LONG_MS }));
    await post(service, ['bad', ...ids(20)]);
    await until(async () => (await statesOf(service)).filter((state) => state === 'done').length === 20);
    expect((await statesOf(service))[0]).toBe('pending');
  });

  it('goes on with other interactions while one of them hangs', async () => {
    const recorder = new Recorder();
    recorder.handle = ({ interactionId }, { signal }) =>
      interactionId === 'bad' &&
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const service = await start(recorder.module({ concurrency: 2 }));
    await post(service, ['bad', ...ids(20)]);
    await until(async () => (await statesOf(service)).filter((state) => state === 'done').length === 20);
    expect((await statesOf(service))[0]).toBe('running');
  });

  it('goes on with other interactions when more fail than it can claim at once', async () => {
    const recorder = new Recorder();
    recorder.handle = ({ interactionId }) => {
      if (interactionId?.startsWith('bad')) throw new Error('down');
    };
    const service = await start(recorder.module({ concurrency: 1, baseDelayMs: LONG_MS }));
    await Promise.all(ids(300, 'bad').map((id) => service.post(payload('STARTED', id))));
    await post(service, ids(5));
    await until(async () => (await statesOf(service)).filter((state) => state === 'done').length === 5);
    expect((await statesOf(service)).filter((state) => state === 'pending')).toHaveLength(300);
  });

  it('fails alone: what one has done is not done again because another failed', async () => {
    const bad = new Recorder('bad');
    const good = new Recorder('good');
    bad.handle = (_, { attempt }) => {
      if (attempt < 5) throw new Error('down');
    };
    const service = await start(bad.module(), good.module());
    await service.post(payload());
    await until(async () => (await statesOf(service, 'bad'))[0] === 'done');
    expect(bad.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(good.seen.map(({ attempt }) => attempt)).toEqual([1]);
  });
});
