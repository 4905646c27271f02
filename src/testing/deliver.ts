import type { Type } from '@nestjs/common';

import { startAttempt } from '../events/attempt.js';
import { Clock } from '../events/clock.js';
import type { InteractionEvent } from '../events/interaction-event.js';
import { ListenerError, listenersOf, type Listener } from '../events/listener-registry.js';
import { judge } from '../events/retry-policy.js';
import { matches } from '../store/filter.js';
import { TestClock } from './test-clock.js';

/** As long as the service gives a running attempt once it stops. */
const STOP_GRACE_MS = 5_000;

/** How {@link deliver} delivers. */
export interface DeliverOptions {
  /** Which attempt it is; 1 by default. */
  readonly attempt?: number;
  /** The listener's name, where a class has several. */
  readonly listener?: string;
  /** Moves the timeout when the test does, and decides about the jitter. Without, time is real. */
  readonly clock?: TestClock;
  /** Fires when the service is to stop. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the handler has to end after `signal`; 5,000 by default, as in the service. */
  readonly graceMs?: number;
}

/** What the service would make of an attempt. */
export interface DeliveryOutcome {
  /**
   * - `done`: the handler succeeded
   * - `retry`: it failed, and is tried again after `delayMs`
   * - `dead`: it failed, and is not tried again
   * - `aborted`: cut off by the end of the service; the attempt does not count
   * - `unwanted`: the filter does not match the event, so the handler was not called
   */
  readonly outcome: 'done' | 'retry' | 'dead' | 'aborted' | 'unwanted';
  /** Milliseconds until the next attempt; the most that the jitter allows, unless `clock` decides otherwise. */
  readonly delayMs?: number;
  /** What the handler threw, or a `TimeoutError`. */
  readonly error?: unknown;
}

/**
 * Delivers an event to a listener once, as the service does: filter, timeout, signal, and the verdict on what
 * the handler throws are the service's own code.
 *
 * @param listener an instance of the class with `@OnInteraction`, or the class if it injects nothing.
 * @throws ListenerError when there is no such listener, or its declaration cannot work.
 * @example
 * const { outcome, delayMs } = await deliver(new CrmListener(crm), interactionEvent({ type: 'FINISHED' }));
 * @example
 * // The last of 10 attempts: what fails now is dead.
 * await deliver(new CrmListener(brokenCrm), interactionEvent({ type: 'FINISHED' }), { attempt: 10 });
 */
export async function deliver(
  listener: object,
  event: InteractionEvent,
  { attempt = 1, listener: name, clock, signal, graceMs = STOP_GRACE_MS }: DeliverOptions = {},
): Promise<DeliveryOutcome> {
  const found = findListener(listener, name);
  const { attempts } = found.options;
  if (!(Number.isInteger(attempt) && attempt >= 1 && attempt <= attempts)) {
    throw new RangeError(`${found.source} has attempts 1 to ${attempts}, and no attempt ${attempt}.`);
  }
  if (!matches(found.filter, event)) return { outcome: 'unwanted' };
  const running = startAttempt(found, event, attempt, clock?.schedule);
  const stop = (): void => running.abort(graceMs);
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  const result = await running.result;
  signal?.removeEventListener('abort', stop);
  if (result === 'done' || result === 'aborted') return { outcome: result };
  const verdict = judge(result, attempt, found.options, (clock ?? LONGEST_DELAY).random());
  const { error } = result;
  return verdict.next === 'dead'
    ? { outcome: 'dead', error }
    : { outcome: 'retry', delayMs: verdict.delayMs, error };
}

const LONGEST_DELAY: Clock = new TestClock();

function findListener(given: object, name: string | undefined): Listener {
  const instance = typeof given === 'function' ? construct(given as Type<object>) : given;
  const found = [...listenersOf(instance)];
  const names = found.map((listener) => listener.name).join(', ');
  const { name: className } = instance.constructor;
  if (found.length === 0) {
    throw new ListenerError(
      `${className} has no method with @OnInteraction(). To test a module, start it with startTestService().`,
    );
  }
  if (name === undefined && found.length > 1) {
    throw new ListenerError(`${className} has several listeners (${names}): say which, { listener: '…' }.`);
  }
  const listener = found.find((other) => name === undefined || other.name === name);
  if (listener === undefined) {
    throw new ListenerError(`${className} has no listener named "${name}", but ${names}.`);
  }
  return listener;
}

function construct(type: Type<object>): object {
  if (type.length > 0) {
    throw new ListenerError(
      `${type.name} injects something: deliver to an instance, as in new ${type.name}(…).`,
    );
  }
  return new type();
}
