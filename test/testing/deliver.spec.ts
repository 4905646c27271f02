import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';

import { PermanentError, RetryLaterError, type Delivery } from '../../src/events/delivery.js';
import type { InteractionEvent } from '../../src/events/interaction-event.js';
import { OnInteraction } from '../../src/events/on-interaction.decorator.js';
import { deliver, interactionEvent, TestClock } from '../../src/testing/index.js';

type Handler = (event: InteractionEvent, delivery: Delivery) => unknown;

@Injectable()
class CrmListener {
  constructor(private readonly handler: Handler) {}

  @OnInteraction(
    { name: 'crm', event: 'FINISHED', channel: ['default', 'emea'] },
    { attempts: 4, baseDelayMs: 1_000, timeoutMs: 30_000 },
  )
  handle(event: InteractionEvent, delivery: Delivery): unknown {
    return this.handler(event, delivery);
  }
}

class PlainListener {
  @OnInteraction({ name: 'plain' })
  handle(): void {
    // Success.
  }
}

class TwoListeners {
  @OnInteraction({ name: 'first' })
  first(): void {
    throw new PermanentError('the first');
  }
  @OnInteraction({ name: 'second' })
  second(): void {
    throw new PermanentError('the second');
  }
}

@Module({ providers: [PlainListener] })
class PlainModule {}

const finished = interactionEvent({ type: 'FINISHED' });
const crm = (handler: Handler): CrmListener => new CrmListener(handler);
const throwing = (error: unknown) =>
  crm(() => {
    throw error;
  });
const hanging = crm(() => new Promise(() => undefined));

describe('deliver', () => {
  it('hands the event to the listener, with the delivery that the service would make', async () => {
    const seen: unknown[] = [];
    const listener = crm((event, { id, attempt, listener: name }) => seen.push(event, id, attempt, name));
    const event = interactionEvent({ type: 'FINISHED', seq: 7 });
    expect(await deliver(listener, event, { attempt: 3 })).toEqual({ outcome: 'done' });
    expect(seen).toEqual([event, 'crm:7', 3, 'crm']);
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
  ])('answers retry after failed attempt %i, with the longest delay of %i ms', async (attempt, delayMs) => {
    const error = new Error('no answer');
    expect(await deliver(throwing(error), finished, { attempt })).toEqual({
      outcome: 'retry',
      delayMs,
      error,
    });
  });

  it('answers dead after the last attempt, and after a PermanentError', async () => {
    const error = new Error('no answer');
    expect(await deliver(throwing(error), finished, { attempt: 4 })).toEqual({ outcome: 'dead', error });
    const permanent = new PermanentError('no such case');
    expect(await deliver(throwing(permanent), finished)).toEqual({ outcome: 'dead', error: permanent });
  });

  it('takes the delay from a RetryLaterError', async () => {
    expect(await deliver(throwing(new RetryLaterError(90)), finished)).toMatchObject({
      outcome: 'retry',
      delayMs: 90_000,
    });
  });

  it('lets the clock decide about the jitter', async () => {
    const clock = new TestClock();
    clock.chance = 0.25;
    expect(await deliver(throwing(new Error()), finished, { clock })).toMatchObject({ delayMs: 250 });
  });

  it('times out when the clock says so, and not before, and fires the signal', async () => {
    const clock = new TestClock();
    let signal: AbortSignal | undefined;
    const listener = crm((_, delivery) => {
      signal = delivery.signal;
      return new Promise(() => undefined);
    });
    const delivered = deliver(listener, finished, { clock });
    clock.advance(29_999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(signal?.aborted).toBe(true);
    expect(await delivered).toMatchObject({ outcome: 'retry', error: { name: 'TimeoutError' } });
  });

  it('fires the signal of the delivery when the service is to stop', async () => {
    const stop = new AbortController();
    const listener = crm(async (_, { signal }) => {
      await once(signal, 'abort');
      throw signal.reason;
    });
    const delivered = deliver(listener, finished, { signal: stop.signal });
    stop.abort();
    expect(await delivered).toEqual({ outcome: 'aborted' });
  });

  it('lets a handler that ends within the grace be done, and cuts off what does not', async () => {
    const clock = new TestClock();
    const signal = AbortSignal.abort();
    expect(
      await deliver(
        crm(() => 'ended'),
        finished,
        { signal, clock },
      ),
    ).toEqual({ outcome: 'done' });
    const delivered = deliver(hanging, finished, { signal, clock, graceMs: 200 });
    clock.advance(200);
    expect(await delivered).toEqual({ outcome: 'aborted' });
  });

  it.each([{ type: 'STARTED' }, { type: undefined }, { channel: 'apac' }])(
    'does not call the listener with what its filter does not want: %j',
    async (fields) => {
      const event = interactionEvent({ type: 'FINISHED', ...fields });
      expect(await deliver(throwing(new Error('called')), event)).toEqual({ outcome: 'unwanted' });
    },
  );

  it('makes the instance of a class that injects nothing', async () => {
    expect(await deliver(PlainListener, finished)).toEqual({ outcome: 'done' });
  });

  it('delivers to the named one of several listeners of a class', async () => {
    const { error } = await deliver(TwoListeners, finished, { listener: 'second' });
    expect(error).toEqual(new PermanentError('the second'));
  });

  it.each([
    [CrmListener, {}, 'CrmListener injects something: deliver to an instance, as in new CrmListener(…).'],
    [TwoListeners, {}, "TwoListeners has several listeners (first, second): say which, { listener: '…' }."],
    [TwoListeners, { listener: 'third' }, 'TwoListeners has no listener named "third", but first, second.'],
    [PlainModule, {}, 'PlainModule has no method with @OnInteraction().'],
    [PlainListener, { attempt: 11 }, 'PlainListener.handle has attempts 1 to 10, and no attempt 11.'],
    [PlainListener, { attempt: 0 }, 'PlainListener.handle has attempts 1 to 10, and no attempt 0.'],
  ])('says what cannot be delivered to: %p %j', async (listener, options, message) => {
    await expect(deliver(listener, finished, options)).rejects.toThrow(message);
  });
});

describe('a test clock', () => {
  it('shows the time it was given until it is moved', () => {
    const clock = new TestClock('2026-06-14T08:00:00Z');
    clock.advance(1_500);
    expect(new Date(clock.now()).toISOString()).toBe('2026-06-14T08:00:01.500Z');
  });

  it('calls back in the order in which it falls due, also what was asked for on the way', () => {
    const clock = new TestClock(0);
    const seen: string[] = [];
    const note = (what: string) => () => void seen.push(`${what} at ${clock.now()}`);
    clock.schedule(note('second'), 20);
    clock.schedule(() => {
      note('first')();
      clock.schedule(note('within'), 5);
    }, 10);
    clock.schedule(note('cancelled'), 10)();
    clock.schedule(note('later'), 31);
    clock.advance(30);
    expect(seen).toEqual(['first at 10', 'within at 15', 'second at 20']);
  });

  it('is not turned back', () => {
    expect(() => new TestClock().advance(-1)).toThrow('Time moves on, not by -1 ms.');
    expect(() => new TestClock('yesterday')).toThrow('Not a time: yesterday');
  });
});
