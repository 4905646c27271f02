import { withLogFields } from '../observability/log-context.js';
import type { Delivery } from './delivery.js';
import type { InteractionEvent } from './interaction-event.js';
import type { Listener } from './listener-registry.js';
import { failureKind, type AttemptResult } from './retry-policy.js';

/** One run of a listener's handler: `result` settles once and never rejects. */
export interface Attempt {
  readonly result: Promise<AttemptResult>;
  /** Fires the handler's signal, and takes the attempt as aborted unless it ends within `graceMs`. */
  abort(graceMs: number): void;
}

/** Calls back after so many milliseconds, unless what it returns is called before. */
export type Schedule = (callback: () => void, ms: number) => () => void;

const realTime: Schedule = (callback, ms) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/**
 * Runs a handler once. Whatever it does, a throw, a rejection, silence, is a result; what it does after
 * its result is none.
 */
export function startAttempt(
  listener: Listener,
  event: InteractionEvent,
  attempt: number,
  schedule = realTime,
): Attempt {
  const controller = new LazyAbortController();
  const delivery = new RunningDelivery(`${listener.name}:${event.seq}`, listener.name, attempt, controller);
  const fields = { traceId: event.traceId, listener: listener.name, seq: event.seq, attempt };
  const { timeoutMs } = listener.options;
  let stopping = false;
  let cancel = (): void => undefined;
  let abort: Attempt['abort'] = () => undefined;

  const result = new Promise<AttemptResult>((resolve) => {
    const settle = (outcome: AttemptResult): void => {
      cancel();
      resolve(outcome);
    };
    cancel = schedule(() => {
      const error = namedError('TimeoutError', `The listener did not finish within ${timeoutMs} ms.`);
      controller.abort(error);
      settle({ kind: 'timeout', error });
    }, timeoutMs);
    withLogFields(fields, async () => await listener.handle(event, delivery)).then(
      () => settle('done'),
      (error: unknown) => settle(stopping ? 'aborted' : { kind: failureKind(error), error }),
    );
    abort = (graceMs) => {
      stopping = true;
      controller.abort(namedError('AbortError', 'The service is stopping.'));
      cancel();
      cancel = schedule(() => settle('aborted'), graceMs);
    };
  });
  return { result, abort };
}

/** Makes its controller when the signal is first looked at: most handlers never do, and it is not cheap. */
class LazyAbortController {
  private controller: AbortController | undefined;
  private reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}

class RunningDelivery implements Delivery {
  constructor(
    readonly id: string,
    readonly listener: string,
    readonly attempt: number,
    private readonly controller: LazyAbortController,
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }
}

/** An error whose stack, which would lead nowhere but here, is its message. */
function namedError(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = `${name}: ${message}`;
  return error;
}
