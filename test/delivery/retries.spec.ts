import { afterEach, describe, expect, it } from '@jest/globals';

import { Clock } from '../../src/events/clock.js';
import { PermanentError, RetryLaterError } from '../../src/events/delivery.js';
import { Dispatcher } from '../../src/events/dispatcher.js';
import type { ListenerOptions } from '../../src/events/on-interaction.decorator.js';
import { Recorder } from '../support/listeners.js';
import { attemptsOf, deliveriesOf, statesOf } from '../support/rows.js';
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

/** A recorder that always throws. */
function failing(error: unknown = new Error('down')): Recorder {
  const recorder = new Recorder();
  recorder.handle = () => {
    throw error;
  };
  return recorder;
}
const attemptsIn = ({ seen }: Recorder): number[] => seen.map(({ attempt }) => attempt);

describe('a failed delivery', () => {
  it('is tried again, later each time, under the same id, until it succeeds', async () => {
    const recorder = new Recorder();
    const times: number[] = [];
    recorder.handle = (_, { attempt }) => {
      times.push(performance.now());
      if (attempt < 4) throw new Error('down');
    };
    const service = await start(recorder, { baseDelayMs: 60 });
    service.get(Clock).random = () => 1;
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'done');

    expect(attemptsIn(recorder)).toEqual([1, 2, 3, 4]);
    expect(new Set(recorder.seen.map(({ delivery }) => delivery))).toEqual(new Set(['recorder:1']));
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    // A timer may fire up to a millisecond early.
    [60, 120, 240].forEach((wait, i) => expect(waits[i]).toBeGreaterThan(wait - 2));
  });

  it('waits no longer than the longest delay', async () => {
    const recorder = failing();
    const service = await start(recorder, { baseDelayMs: 3_600_000, maxDelayMs: 20, attempts: 3 });
    service.get(Clock).random = () => 1;
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'dead');
    expect(attemptsIn(recorder)).toEqual([1, 2, 3]);
  });

  it('is dead after its last attempt, with each attempt on record', async () => {
    const recorder = failing(new Error('the case is locked'));
    const service = await start(recorder, { attempts: 3 });
    const before = Date.now();
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'dead');

    expect(attemptsIn(recorder)).toEqual([1, 2, 3]);
    const attempts = await attemptsOf(service);
    expect(attempts).toEqual(
      [1, 2, 3].map((attempt) => ({
        seq: 1,
        listener_id: 1,
        attempt,
        outcome: 'failed',
        error: expect.stringMatching(/^Error: the case is locked\n {4}at /),
        started_at: expect.any(Number),
        duration: expect.any(Number),
      })),
    );
    for (const { started_at: startedAt, duration } of attempts) {
      expect(startedAt).toBeGreaterThanOrEqual(before);
      expect(startedAt + duration).toBeLessThanOrEqual(Date.now());
    }
    const [delivery] = await deliveriesOf(service);
    expect(delivery?.last_error).toContain('the case is locked');
  });

  it('is dead at once when the listener says that no attempt would help', async () => {
    const recorder = failing(new PermanentError('no such case'));
    const service = await start(recorder);
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'dead');
    expect(attemptsIn(recorder)).toEqual([1]);
    expect(await attemptsOf(service)).toMatchObject([{ attempt: 1, outcome: 'permanent' }]);
  });

  it('waits for as long as the listener asks, and no longer', async () => {
    const recorder = failing(new RetryLaterError(3_600));
    const service = await start(recorder);
    const clock = service.get(Clock);
    await service.post(payload());
    await until(async () => (await attemptsOf(service)).length === 1);
    recorder.handle = () => undefined;

    const { due_at: due } = await dueOf(service);
    clock.now = () => due - 1_000;
    // What is appended after the look for due deliveries is handled after it.
    service.get(Dispatcher).wake();
    await service.post(payload('STARTED', 'another'));
    await until(() => recorder.seen.some(({ id }) => id === 'another'));
    expect((await statesOf(service))[0]).toBe('pending');

    clock.now = () => due;
    await until(async () => (await statesOf(service))[0] === 'done');
    expect(await attemptsOf(service)).toMatchObject([{ outcome: 'later' }]);
  });

  it('lets the later events of its interaction go on once it is dead', async () => {
    const recorder = failing(new PermanentError('no such case'));
    const service = await start(recorder);
    await service.post(payload('STARTED', 'one'));
    await until(async () => (await statesOf(service))[0] === 'dead');
    recorder.handle = () => undefined;
    await service.post(payload('FINISHED', 'one'));
    await until(async () => (await statesOf(service))[1] === 'done');
  });

  it('keeps the later events of its interaction waiting where the listener parks it, and no others', async () => {
    const recorder = failing(new PermanentError('no such case'));
    const service = await start(recorder, { onDead: 'park' });
    await service.post(payload('STARTED', 'one'));
    await until(async () => (await statesOf(service))[0] === 'dead');
    recorder.handle = () => undefined;
    await service.post(payload('FINISHED', 'one'));
    await service.post(payload('STARTED', 'two'));
    await until(async () => (await statesOf(service))[2] === 'done');
    expect(await statesOf(service)).toEqual(['dead', 'blocked', 'done']);
  });

  it('goes on counting its attempts after the service was started again', async () => {
    const recorder = failing();
    const first = await start(recorder, { attempts: 3, baseDelayMs: 3_600_000 });
    first.get(Clock).random = () => 0.0001;
    await first.post(payload());
    await until(async () => (await attemptsOf(first)).length === 1);
    await first.app.close();
    const second = await start(recorder, { attempts: 3, baseDelayMs: 0 }, first.dataDir);
    await until(async () => (await statesOf(second))[0] === 'dead');
    expect(attemptsIn(recorder)).toEqual([1, 2, 3]);
  });
});

describe('the signal of a delivery', () => {
  it('fires when its time is up, which is a failed attempt', async () => {
    const recorder = new Recorder();
    const reasons: unknown[] = [];
    recorder.handle = (_, { signal, attempt }) =>
      attempt === 1 && new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason)));
    const service = await start(recorder, { timeoutMs: 50 });
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'done');
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }]);
    const [attempt] = await attemptsOf(service);
    expect(attempt).toMatchObject({
      outcome: 'timeout',
      error: 'TimeoutError: The listener did not finish within 50 ms.',
    });
    expect(attempt?.duration).toBeGreaterThanOrEqual(49);
  });

  it('fires when the service stops, and what it cuts off is no attempt', async () => {
    const recorder = new Recorder();
    recorder.handle = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const first = await start(recorder, { concurrency: 1 });
    await first.post(payload());
    await first.post(payload());
    await until(() => recorder.seen.length === 1);
    await first.app.close();
    expect(recorder.seen).toHaveLength(1);

    recorder.handle = () => undefined;
    const second = await start(recorder, {}, first.dataDir);
    await until(async () => (await statesOf(second)).every((state) => state === 'done'));
    expect(attemptsIn(recorder)).toEqual([1, 1, 1]);
    expect(await attemptsOf(second)).toEqual([]);
  });

  it('leaves the time to finish, so that what is done before the end is not done again', async () => {
    const recorder = new Recorder();
    recorder.handle = (_, { signal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 100)));
    const first = await start(recorder);
    await first.post(payload());
    await until(() => recorder.seen.length === 1);
    await first.app.close();
    const second = await start(recorder, {}, first.dataDir);
    expect(await statesOf(second)).toEqual(['done']);
    expect(recorder.seen).toHaveLength(1);
  });

  it('is not waited for by the end of the service when a handler ignores it', async () => {
    const recorder = new Recorder();
    recorder.handle = () => new Promise(() => undefined);
    const first = await start(recorder, { timeoutMs: 3_600_000 });
    await first.post(payload());
    await until(() => recorder.seen.length === 1);
    await first.app.close();
    recorder.handle = () => undefined;
    const second = await start(recorder, {}, first.dataDir);
    await until(async () => (await statesOf(second))[0] === 'done');
  });
});

async function dueOf({ store }: TestService): Promise<{ due_at: number }> {
  const query = store.builder.selectFrom('deliveries').select('due_at').where('due_at', 'is not', null);
  const [row] = await store.query(query);
  if (row?.due_at == null) throw new Error('Nothing is due.');
  return { due_at: row.due_at };
}
