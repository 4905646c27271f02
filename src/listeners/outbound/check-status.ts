import { PermanentError, RetryLaterError } from '../../events/delivery.js';
import { retryAfterSeconds } from './retry-after.js';

/** An answer, as far as {@link checkStatus} looks at it. */
interface AnswerHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Turns an answer that is no success into the error that ends the attempt in the right way.
 *
 * @param from who answered, for the message.
 * @throws PermanentError for 410: gone, and no attempt will bring it back.
 * @throws RetryLaterError for 429 and 503 that say when to come again.
 * @throws Error for any other status but 2xx, redirects included: another attempt may succeed.
 */
export function checkStatus({ statusCode, headers }: AnswerHead, from: string): void {
  if (statusCode >= 200 && statusCode < 300) return;
  const message = `${from} answered ${statusCode}.`;
  if (statusCode === 410) throw new PermanentError(message);
  if (statusCode === 429 || statusCode === 503) {
    const seconds = retryAfterSeconds(headers['retry-after'], Date.now());
    if (seconds !== undefined) throw new RetryLaterError(seconds, `${message} Next attempt in ${seconds} s.`);
  }
  throw new Error(message);
}
