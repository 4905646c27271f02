import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { currentLogFields } from '../observability/log-context.js';
import { startAttempt } from './attempt.js';
import { PermanentError, RetryLaterError, type Delivery } from './delivery.js';
import type { InteractionEvent } from './interaction-event.js';
import type { Listener } from './listener-registry.js';
import type { InteractionHandler } from './on-interaction.decorator.js';

const EVENT: InteractionEvent = {
  seq: 7,
  type: 'FINISHED',
  interactionId: 'interaction',
  mediaType: 'chat',
  interactionSubtype: 'InboundNew',
  selfUri: undefined,
  operationId: 'operation',
  channel: 'default',
  late: false,
  traceId: '463ac35c9f6413ad',
  receivedAt: new Date(0),
};

const listener = (handle: InteractionHandler, timeoutMs = 10_000): Listener => ({
  name: 'crm',
  filter: { name: 'crm' },
  options: {
    attempts: 10,
    timeoutMs,
    concurrency: 8,
    baseDelayMs: 0,
    maxDelayMs: 0,
    onDead: 'skip',
    from: 'now',
  },
  handle,
  source: 'Crm.handle',
});
const run = (handle: InteractionHandler, timeoutMs?: number) =>
  startAttempt(listener(handle, timeoutMs), EVENT, 2);
const forever = (): Promise<never> => new Promise(() => undefined);
async function rejecting(thrown: unknown): Promise<never> {
  await Promise.resolve();
  throw thrown;
}
const firing = (signal: AbortSignal): Promise<unknown> => once(signal, 'abort');

describe('an attempt', () => {
  it('hands the event over, with an id that is the same for every attempt', async () => {
    const deliveries: Delivery[] = [];
    const events: InteractionEvent[] = [];
    const handle = (event: InteractionEvent, delivery: Delivery): void => {
      events.push(event);
      deliveries.push(delivery);
    };
    for (const attempt of [1, 2]) await startAttempt(listener(handle), EVENT, attempt).result;
    expect(events).toEqual([EVENT, EVENT]);
    expect(deliveries.map(({ id, listener: name, attempt }) => ({ id, name, attempt }))).toEqual([
      { id: 'crm:7', name: 'crm', attempt: 1 },
      { id: 'crm:7', name: 'crm', attempt: 2 },
    ]);
    expect(deliveries[0]?.signal.aborted).toBe(false);
  });

  it.each<[string, InteractionHandler]>([
    ['returns', () => undefined],
    ['returns something', () => 'anything'],
    ['returns false', () => false],
    ['returns an error', () => new Error('not thrown')],
    ['resolves', () => Promise.resolve()],
    ['resolves later', () => delay(5)],
    ['returns another kind of promise', () => ({ then: (resolve: () => void) => setImmediate(resolve) })],
  ])('is done when the handler %s', async (_, handle) => {
    await expect(run(handle).result).resolves.toBe('done');
  });

  it.each<[string, unknown, string]>([
    ['an error', new Error('down'), 'failed'],
    ['a PermanentError', new PermanentError('gone'), 'permanent'],
    ['a RetryLaterError', new RetryLaterError(60), 'later'],
    ['text', 'down', 'failed'],
    ['undefined', undefined, 'failed'],
    ['null', null, 'failed'],
    [
      'an error of another realm',
      Object.assign(Object.create(null) as object, { message: 'down' }),
      'failed',
    ],
  ])('has failed when the handler throws, rejects now or rejects later with %s', async (_, thrown, kind) => {
    const handlers: InteractionHandler[] = [
      () => {
        throw thrown;
      },
      () => rejecting(thrown),
      () => delay(5).then(() => rejecting(thrown)),
    ];
    for (const handle of handlers) {
      const result = await run(handle).result;
      expect(result).toEqual({ kind, error: thrown });
      expect((result as { error: unknown }).error).toBe(thrown);
    }
  });

  it('has failed when what is thrown cannot even be looked at', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const result = await run(() => rejecting(proxy)).result;
    expect(result).toMatchObject({ kind: 'failed' });
  });
});

describe('an attempt that takes too long', () => {
  it('has timed out, even though its handler never settles', async () => {
    const result = await run(forever, 20).result;
    expect(result).toMatchObject({
      kind: 'timeout',
      error: { message: 'The listener did not finish within 20 ms.' },
    });
  });

  it('fires the signal of its delivery', async () => {
    let fired: Promise<unknown> = forever();
    let reason: unknown;
    const { result } = run((_, { signal }) => {
      fired = firing(signal).then(() => void (reason = signal.reason));
      return forever();
    }, 20);
    await Promise.all([result, fired]);
    expect(reason).toMatchObject({ message: 'The listener did not finish within 20 ms.' });
  });

  it('has a fired signal, when the handler looks at it only then', async () => {
    const over = Promise.withResolvers<unknown>();
    const aborted = Promise.withResolvers<boolean>();
    const { result } = run(async (_, delivery) => {
      await over.promise;
      aborted.resolve(delivery.signal.aborted);
    }, 20);
    over.resolve(await result);
    await expect(aborted.promise).resolves.toBe(true);
  });

  it.each<[string, (signal: AbortSignal) => Promise<void>]>([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('late'))],
    ['rejects because its signal fired', (signal) => Promise.reject(signal.reason as Error)],
  ])('stays timed out when the handler %s later', async (_, late) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    let ended: Promise<unknown> = forever();
    const attempt = run((_event, { signal }) => (ended = firing(signal).then(() => late(signal))), 20);
    await attempt.result;
    await Promise.allSettled([ended]);
    await delay(5);
    process.off('unhandledRejection', note);
    await expect(attempt.result).resolves.toMatchObject({ kind: 'timeout' });
    expect(unhandled).toEqual([]);
  });

  it('has not timed out when its handler ended in time', async () => {
    let signal: AbortSignal | undefined;
    const { result } = run((_, delivery) => void (signal = delivery.signal), 20);
    await expect(result).resolves.toBe('done');
    await delay(40);
    expect(signal?.aborted).toBe(false);
  });
});

describe('an attempt that is aborted', () => {
  it('fires the signal of its delivery at once', async () => {
    let fired = false;
    const attempt = run((_, { signal }) => firing(signal).then(() => (fired = true)));
    attempt.abort(10_000);
    await attempt.result;
    expect(fired).toBe(true);
  });

  it('is done when its handler still finishes', async () => {
    const attempt = run((_, { signal }) => firing(signal).then(() => delay(5)));
    attempt.abort(10_000);
    await expect(attempt.result).resolves.toBe('done');
  });

  it('is aborted, not failed, when its handler rejects', async () => {
    const attempt = run(async (_, { signal }) => {
      await firing(signal);
      throw signal.reason;
    });
    attempt.abort(10_000);
    await expect(attempt.result).resolves.toBe('aborted');
  });

  it('is aborted after the grace when its handler never settles', async () => {
    const attempt = run(forever);
    const before = performance.now();
    attempt.abort(50);
    await expect(attempt.result).resolves.toBe('aborted');
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
  });

  it('is aborted, not timed out, when its time ends within the grace', async () => {
    const attempt = run(forever, 20);
    attempt.abort(60);
    await expect(attempt.result).resolves.toBe('aborted');
  });

  it('keeps the result it had', async () => {
    const attempt = run(() => undefined);
    await attempt.result;
    attempt.abort(1);
    await delay(5);
    await expect(attempt.result).resolves.toBe('done');
  });
});

describe('what a handler logs', () => {
  it('carries the trace, the listener, the event and the attempt, however deep or late', async () => {
    const seen: unknown[] = [];
    const note = (): unknown => seen.push(currentLogFields());
    await run(async () => {
      note();
      await delay(5);
      note();
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          note();
          resolve();
        });
      });
    }).result;
    const fields = { traceId: '463ac35c9f6413ad', listener: 'crm', seq: 7, attempt: 2 };
    expect(seen).toEqual([fields, fields, fields]);
    expect(currentLogFields()).toEqual({});
  });

  it('is not mixed up with what another logs at the same time', async () => {
    const seen = await Promise.all(
      [1, 2, 3].map(async (seq) => {
        let fields: unknown;
        const handle = async (): Promise<void> => {
          await delay(10 - seq);
          fields = currentLogFields();
        };
        await startAttempt(listener(handle), { ...EVENT, seq, traceId: undefined }, seq).result;
        return fields;
      }),
    );
    expect(seen).toEqual(
      [1, 2, 3].map((seq) => ({ traceId: undefined, listener: 'crm', seq, attempt: seq })),
    );
  });
});
