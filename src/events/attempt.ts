import { withLogFields } from '../observability/log-context.js';
import type { Delivery } from './delivery.js';
import type { InteractionEvent } from './interaction-event.js';
import type { Listener } from './listener-registry.js';
import { failureKind, type AttemptResult } from './retry-policy.js';

/** One run of a listener's handler: `result` settles once and never rejects. */
export interface Attempt {
  readonly result: Promise<AttemptResult>;
  /** Fires the handler's signal, and after `graceMs` takes the attempt as aborted. */
  abort(graceMs: number): void;
}

/**
 * Runs a handler once. Whatever it does, a throw, a rejection, silence, is a result; what it does after
 * its result is none.
 */
export function startAttempt(listener: Listener, event: InteractionEvent, attempt: number): Attempt {
  const controller = new AbortController();
  const delivery: Delivery = {
    id: `${listener.name}:${event.seq}`,
    listener: listener.name,
    attempt,
    signal: controller.signal,
  };
  let settle: (result: AttemptResult) => void = () => undefined;
  const result = new Promise<AttemptResult>((resolve) => (settle = resolve));
  let stopping = false;
  const timer = setTimeout(() => {
    const error = new Error(`The listener did not finish within ${listener.options.timeoutMs} ms.`);
    error.stack = `TimeoutError: ${error.message}`;
    controller.abort(error);
    settle({ kind: 'timeout', error });
  }, listener.options.timeoutMs);

  const fields = { traceId: event.traceId, listener: listener.name, seq: event.seq, attempt };
  withLogFields(fields, async () => await listener.handle(event, delivery)).then(
    () => settle('done'),
    (error: unknown) => settle(stopping ? 'aborted' : { kind: failureKind(error), error }),
  );

  return {
    result: result.finally(() => clearTimeout(timer)),
    abort(graceMs) {
      stopping = true;
      const error = new Error('The service is stopping.');
      error.stack = error.message;
      controller.abort(error);
      setTimeout(() => settle('aborted'), graceMs).unref();
    },
  };
}
