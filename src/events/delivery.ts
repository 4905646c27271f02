/** One run of a listener for one event, as the listener sees it. */
export interface Delivery {
  /** The same for every attempt of this event at this listener: use it as an idempotency key. */
  readonly id: string;
  /** Name of the listener. */
  readonly listener: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Fires when the attempt times out and when the service stops. Hand it to `fetch` and the like. */
  readonly signal: AbortSignal;
}

/** Thrown by a listener: no further attempt would help. The delivery is dead at once. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
}

/**
 * Thrown by a listener: try again after `seconds`, however many attempts that leaves.
 *
 * @example
 * if (response.status === 429) throw new RetryLaterError(Number(response.headers.get('retry-after') ?? 60));
 */
export class RetryLaterError extends Error {
  override readonly name: string = 'RetryLaterError';
  constructor(
    readonly seconds: number,
    message = `Try again in ${seconds} s.`,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
