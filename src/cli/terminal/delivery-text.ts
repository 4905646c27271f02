import type { Attempt, DeliveryState } from '../api-client/shapes.js';
import { duration } from './duration.js';
import { printable } from './printable.js';
import { paint } from './style.js';

/** Where a delivery stands, in words. */
export function standing({ state, attempt, dueAt }: DeliveryState): string {
  switch (state) {
    case 'done':
      return paint('green', 'done');
    case 'dead':
      return paint('red', `dead after ${count(attempt, 'attempt')}`);
    case 'blocked':
      return paint('yellow', 'waits for an earlier event of the interaction');
    case 'pending':
      return paint('yellow', `attempt ${attempt + 1} is due${dueAt === null ? '' : ` at ${dueAt}`}`);
    case 'running':
      return paint('yellow', `attempt ${attempt} runs`);
    case 'discarded':
      return 'discarded';
  }
}

/** One attempt, in words. */
export function attemptText({
  attempt,
  outcome,
  durationMs,
  error,
}: Pick<Attempt, 'attempt' | 'outcome' | 'durationMs' | 'error'>): string {
  const told = `attempt ${attempt} ${outcomeText(outcome)} after ${duration(durationMs)}`;
  return error === null ? told : `${told}: ${firstLine(error)}`;
}

/** The first line of an error that may have a stack behind it. */
export function firstLine(error: string): string {
  return printable(error.split('\n', 1)[0] ?? '');
}

/**
 * So many of something.
 *
 * @example
 * count(2, 'attempt'); // '2 attempts'
 */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function outcomeText(outcome: Attempt['outcome']): string {
  switch (outcome) {
    case 'done':
      return paint('green', 'done');
    case 'timeout':
      return paint('red', 'timed out');
    case 'permanent':
      return paint('red', 'failed for good');
    case 'later':
      return paint('yellow', 'asked to be run later');
    case 'failed':
      return paint('red', 'failed');
  }
}
