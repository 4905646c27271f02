import { afterEach, describe, expect, it } from '@jest/globals';

import type { ListenerOptions } from '../../src/events/on-interaction.decorator.js';
import { Recorder } from '../support/listeners.js';
import { attemptsOf, deliveriesOf, statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Workshop } from '../support/workshop.js';

const LISTENERS = 'test/delivery/misbehaving.module.ts';
/** An error that is kept is cut at 4,000 characters, and its length is told. */
const LONGEST_ERROR = 4_100;

const ends: (() => Promise<void>)[] = [];
async function start(recorder: Recorder, options?: ListenerOptions): Promise<TestService> {
  const service = await TestService.start({}, { listeners: [recorder.module(options)] });
  ends.push(() => service.stop());
  return service;
}
function workshop(): Workshop {
  const made = new Workshop();
  ends.push(() => made.close());
  return made;
}
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Throws what need not be an error, as a listener in plain JavaScript may. */
function raise(thrown: unknown): never {
  throw thrown;
}
const untold = 'Thrown: something that cannot be shown as text';
const silent = {
  toString: () => raise(new Error('not even this')),
};
const secretive = Object.defineProperty(new Error('secretive'), 'stack', {
  get: () => raise(new Error('not even this')),
});

describe('a handler that fails in an odd way costs an attempt, not an event', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'Thrown: null'],
    ['undefined', undefined, 'Thrown: undefined'],
    ['a symbol', Symbol('down'), 'Thrown: Symbol(down)'],
    ['text', 'down', 'Thrown: down'],
    ['an object whose toString throws', silent, untold],
    ['an error whose stack throws', secretive, untold],
    ['an object without a prototype', Object.create(null), untold],
    [
      'an error with a U+0000 and half a surrogate pair',
      Object.assign(new Error(), { stack: 'a\0b\ud800' }),
      'a\ufffdb\ufffd',
    ],
  ])('by throwing %s', async (_, thrown, error) => {
    const handlers = [(): never => raise(thrown), () => Promise.resolve().then(() => raise(thrown))];
    const recorder = new Recorder();
    recorder.handle = (_event, { attempt }) => handlers[attempt - 1]?.();
    const service = await start(recorder);
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'done');
    expect(await attemptsOf(service)).toMatchObject([
      { attempt: 1, outcome: 'failed', error },
      { attempt: 2, outcome: 'failed', error },
    ]);
  });

  it('by throwing an error of 100 MB, of which the beginning is kept', async () => {
    const recorder = new Recorder();
    recorder.handle = (_, { attempt }) => attempt < 4 && raise(new Error('x'.repeat(100_000_000)));
    const service = await start(recorder);
    await service.post(payload());
    await until(async () => (await statesOf(service))[0] === 'done');
    const attempts = await attemptsOf(service);
    expect(attempts).toHaveLength(3);
    for (const { error } of attempts) {
      expect(error).toMatch(/^Error: xxx/);
      expect(error.length).toBeLessThan(LONGEST_ERROR);
    }
    expect((await deliveriesOf(service))[0]?.last_error).toBeNull();
  });

  it('by never settling, while other interactions go on', async () => {
    const recorder = new Recorder();
    recorder.handle = ({ interactionId }) => interactionId === 'bad' && new Promise(() => undefined);
    const service = await start(recorder, { timeoutMs: 100, attempts: 3, concurrency: 1 });
    await service.post(payload('STARTED', 'bad'));
    await service.post(payload('FINISHED', 'bad'));
    await service.post(payload('STARTED', 'good'));
    await until(async () => (await statesOf(service)).join() === 'dead,dead,done');
    expect(await attemptsOf(service)).toMatchObject(Array(6).fill({ outcome: 'timeout' }));
  });

  it('by settling after its time is up, which changes nothing any more', async () => {
    const recorder = new Recorder();
    const late = Promise.withResolvers<unknown>();
    recorder.handle = ({ interactionId: id }, { attempt }) => id === 'bad' && attempt === 1 && late.promise;
    const service = await start(recorder, { timeoutMs: 50 });
    await service.post(payload('STARTED', 'bad'));
    await until(async () => (await statesOf(service))[0] === 'done');
    late.reject(new Error('late'));
    await service.post(payload('STARTED', 'good'));
    await until(async () => (await statesOf(service))[1] === 'done');
    expect(await attemptsOf(service)).toMatchObject([{ seq: 1, attempt: 1, outcome: 'timeout' }]);
    expect((await statesOf(service))[0]).toBe('done');
  });
});

describe('a process whose listener', () => {
  it.each([
    ['stray-rejection', 'nobody waits for this'],
    ['stray-null', 'Thrown: null'],
  ])('leaves a promise that rejects (%s) says so and goes on', async (id, message) => {
    const shop = workshop();
    const service = await shop.start(LISTENERS);
    await service.post(payload('STARTED', id));
    await until(() => service.output.includes(message));
    expect((await service.post(payload('STARTED', 'good'))).status).toBe(200);
    await until(async () => (await shop.states())['good'] === 'done');
    expect(await shop.states()).toEqual({ [id]: 'done', good: 'done' });
    const line = service.output.split('\n').find((text) => text.includes(message));
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'error',
      listener: 'misbehaving',
      seq: 1,
      msg: expect.stringContaining('rejected'),
    });
    expect(await service.end()).toEqual({ code: 0, signal: null });
  });

  it('throws in a callback ends it, says so, and loses nothing', async () => {
    const shop = workshop();
    const service = await shop.start(LISTENERS);
    // It may be gone before the answer is out: the sender would deliver again.
    await service.post(payload('STARTED', 'stray-exception')).catch(() => undefined);
    expect(await service.exited).toEqual({ code: 1, signal: null });
    const line = service.output.split('\n').find((text) => text.includes('"level":"fatal"'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      listener: 'misbehaving',
      seq: 1,
      error: expect.stringContaining('nothing catches this'),
    });
    expect(Object.keys(await shop.states())).toEqual(['stray-exception']);
  });

  it('blocks it for 2 s answers what came meanwhile right after, and loses nothing', async () => {
    const shop = workshop();
    const service = await shop.start(LISTENERS);
    await service.post(payload('STARTED', 'loop'));
    const answers = await Promise.all(['a', 'b', 'c'].map((id) => service.post(payload('STARTED', id))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await until(async () => Object.values(await shop.states()).every((state) => state === 'done'));
    expect(shop.journal.filter((text) => text.startsWith('done')).sort()).toEqual([
      'done a 1',
      'done b 1',
      'done c 1',
      'done loop 1',
    ]);
  });

  it('ends it costs that event its attempts, and no other event anything but time', async () => {
    const shop = workshop();
    const good = Array.from({ length: 10 }, (_, i) => `good-${i}`);
    const entities = ['exit', ...good].map((id) => ({ event: 'STARTED', entity: { id } }));
    let service = await shop.start(LISTENERS);
    // It may be gone before the answer is out: the sender would deliver again.
    await service.post({ data: { entities } }).catch(() => undefined);
    for (let ended = 0; ended < 3; ended++) {
      expect(await service.exited).toEqual({ code: 1, signal: null });
      await shop.endLeases();
      service = await shop.start(LISTENERS);
    }
    await until(async () => (await shop.states())['exit'] === 'dead', 15_000);
    const allGood = Object.fromEntries(good.map((id) => [id, 'done']));
    await until(async () => Object.values(await shop.states()).every((state) => state !== 'pending'));
    expect(await shop.states()).toEqual({ ...allGood, exit: 'dead' });
    expect(shop.journal.filter((text) => text.includes('exit'))).toEqual(
      [1, 2, 3].map((attempt) => `begin exit ${attempt}`),
    );
    expect(service.running).toBe(true);
  }, 60_000);
});
