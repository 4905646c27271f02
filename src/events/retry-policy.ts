import { PermanentError, RetryLaterError } from './delivery.js';
import type { ListenerOptions } from './on-interaction.decorator.js';

/** Why an attempt failed. */
export type FailureKind = 'failed' | 'timeout' | 'permanent' | 'later';

/** A failed attempt. */
export interface Failure {
  readonly kind: FailureKind;
  readonly error: unknown;
}

/** What an attempt leads to: success, a failure, or being cut off by the end of the service, which is neither. */
export type AttemptResult = 'done' | 'aborted' | Failure;

/** What a failed attempt leads to. */
export type Verdict = { readonly next: 'retry'; readonly delayMs: number } | { readonly next: 'dead' };

/**
 * Decides what follows a failed attempt: exponential backoff with full jitter, until the attempts are used
 * up.
 *
 * @param random a number from 0 to 1, drawn anew for each failure.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function judge(
  { kind, error }: Failure,
  attempt: number,
  options: Required<ListenerOptions>,
  random: number,
): Verdict {
  if (kind === 'permanent' || attempt >= options.attempts) return { next: 'dead' };
  if (kind === 'later') {
    const { seconds } = error as RetryLaterError;
    const wanted = Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : options.baseDelayMs;
    return { next: 'retry', delayMs: Math.round(Math.min(wanted, LONGEST_DELAY_MS)) };
  }
  const ceiling = Math.min(
    options.maxDelayMs,
    options.baseDelayMs * 2 ** Math.min(attempt - 1, MOST_DOUBLINGS),
  );
  return { next: 'retry', delayMs: Math.round(random * ceiling) };
}

/** More would reach Infinity, and Infinity times a delay of 0 is no number. */
const MOST_DOUBLINGS = 52;
/** A week: a listener that asks for more has most likely mixed up its units. */
const LONGEST_DELAY_MS = 7 * 86_400_000;

/**
 * Sorts what a listener threw. By name, not by class: a listener package may carry a copy of ours.
 */
export function failureKind(error: unknown): FailureKind {
  try {
    const name = error instanceof Error ? error.name : '';
    if (error instanceof PermanentError || name === 'PermanentError') return 'permanent';
    if (error instanceof RetryLaterError || name === 'RetryLaterError') return 'later';
  } catch {
    // A proxy, or a getter that throws: it must not end the process.
  }
  return 'failed';
}

/** Characters of an error that are kept. */
const ERROR_LIMIT = 4_000;

/** An error as text that every store can keep: its stack where it has one, cut to size, whatever was thrown. */
export function describeError(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error ? String(error.stack ?? error) : `Thrown: ${String(error)}`;
  } catch {
    text = 'Thrown: something that cannot be shown as text';
  }
  const cut = text.length > ERROR_LIMIT ? `${text.slice(0, ERROR_LIMIT)}… (${text.length} characters)` : text;
  return cut.replaceAll('\0', '\ufffd');
}
