import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { PermanentError, RetryLaterError } from './delivery.js';
import type { ListenerOptions } from './on-interaction.decorator.js';
import { describeError, failureKind, judge, type Failure } from './retry-policy.js';

const FAILED: Failure = { kind: 'failed', error: new Error('down') };
const DEAD = { next: 'dead' };
const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;
const options = (some: ListenerOptions = {}): Required<ListenerOptions> => ({
  attempts: 10,
  timeoutMs: 30_000,
  concurrency: 8,
  baseDelayMs: 1_000,
  maxDelayMs: 3_600_000,
  onDead: 'skip',
  from: 'now',
  ...some,
});
const later = (seconds: number): Failure => ({ kind: 'later', error: new RetryLaterError(seconds) });
const retry = (delayMs: number): object => ({ next: 'retry', delayMs });

describe('the delay before a retry', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [9, 256_000],
    [12, 2_048_000],
    [13, 3_600_000],
    [99, 3_600_000],
    [5_000, 3_600_000],
  ])('after attempt %i is at most %i ms, and any share of it', (attempt, ceiling) => {
    const many = options({ attempts: 10_000 });
    expect(judge(FAILED, attempt, many, 0)).toEqual(retry(0));
    expect(judge(FAILED, attempt, many, 0.5)).toEqual(retry(ceiling / 2));
    expect(judge(FAILED, attempt, many, 1)).toEqual(retry(ceiling));
  });

  it('is always a whole number from 0 to the ceiling of its attempt', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const bound = fc.nat(2 ** 31 - 1);
    const failure = fc.constantFrom<Failure>(FAILED, { kind: 'timeout', error: new Error('late') });
    fc.assert(
      fc.property(
        failure,
        fc.integer({ min: 1, max: 100_000 }),
        bound,
        bound,
        chance,
        (failed, attempt, base, max, random) => {
          const verdict = judge(
            failed,
            attempt,
            options({ attempts: 2 ** 31 - 1, baseDelayMs: base, maxDelayMs: max }),
            random,
          );
          if (verdict.next !== 'retry') throw new Error('attempts were left');
          expect(Number.isInteger(verdict.delayMs)).toBe(true);
          expect(verdict.delayMs).toBeGreaterThanOrEqual(0);
          expect(verdict.delayMs).toBeLessThanOrEqual(Math.min(max, base * 2 ** Math.min(attempt - 1, 60)));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('can be none at all, however many attempts there were', () => {
    const eager = options({ attempts: 100_000, baseDelayMs: 0 });
    for (const attempt of [1, 2, 1_024, 1_025, 99_999]) {
      expect(judge(FAILED, attempt, eager, 0.999)).toEqual(retry(0));
    }
  });

  it.each([
    ['60', 60, 60_000],
    ['0', 0, 0],
    ['less than 0', -5, 0],
    ['a part of a second', 1.5, 1_500],
    ['more than a week', 10_000_000, WEEK_MS],
    ['no number', NaN, 1_000],
    ['no end', Infinity, 1_000],
    ['no number at all', undefined as unknown as number, 1_000],
  ])('is what the listener asked for when that is %s', (_, seconds, delayMs) => {
    expect(judge(later(seconds), 1, options(), 0.5)).toEqual(retry(delayMs));
  });

  it('is a whole number of milliseconds, whatever share of a second the listener asked for', () => {
    expect(judge(later(1 / 3), 1, options(), 0.5)).toEqual(retry(333));
  });
});

describe('a delivery', () => {
  it.each<[string, Failure]>([
    ['a failure', FAILED],
    ['a timeout', { kind: 'timeout', error: new Error('late') }],
    ['a wish to try later', later(1)],
  ])('is dead after its last attempt ended in %s, and not before', (_, failure) => {
    expect(judge(failure, 9, options({ attempts: 10 }), 0.5).next).toBe('retry');
    expect(judge(failure, 10, options({ attempts: 10 }), 0.5)).toEqual(DEAD);
    expect(judge(failure, 11, options({ attempts: 10 }), 0.5)).toEqual(DEAD);
    expect(judge(failure, 1, options({ attempts: 1 }), 0.5)).toEqual(DEAD);
  });

  it('is dead at once when the listener says that no attempt would help', () => {
    expect(judge({ kind: 'permanent', error: new PermanentError('gone') }, 1, options(), 0.5)).toEqual(DEAD);
  });
});

describe('what a listener throws', () => {
  class OfAnotherCopy extends Error {
    constructor(override readonly name: string) {
      super('from a package with a copy of its own');
    }
  }
  class Derived extends PermanentError {
    override readonly name = 'AccountClosedError';
  }
  class DerivedLater extends RetryLaterError {
    override readonly name = 'TooManyRequestsError';
  }

  it.each<[string, unknown, string]>([
    ['an error', new Error('down'), 'failed'],
    ['an error of JavaScript', new TypeError('undefined is not a function'), 'failed'],
    ['a PermanentError', new PermanentError('gone'), 'permanent'],
    ['a class derived from it', new Derived('closed'), 'permanent'],
    ["another copy's PermanentError", new OfAnotherCopy('PermanentError'), 'permanent'],
    ['a RetryLaterError', new RetryLaterError(5), 'later'],
    ['a class derived from that', new DerivedLater(5), 'later'],
    ["another copy's RetryLaterError", new OfAnotherCopy('RetryLaterError'), 'later'],
    ['an object that looks like one', { name: 'PermanentError' }, 'failed'],
    ['text', 'PermanentError', 'failed'],
    ['nothing', undefined, 'failed'],
    ['null', null, 'failed'],
  ])('is sorted: %s', (_, thrown, kind) => {
    expect(failureKind(thrown)).toBe(kind);
  });

  it('is sorted and described even when it cannot be looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const nameless = new Error('nameless');
    Object.defineProperty(nameless, 'name', {
      get: () => {
        throw new Error('no name');
      },
    });
    Object.defineProperty(nameless, 'stack', {
      get: () => {
        throw new Error('no stack');
      },
    });
    for (const thrown of [proxy, nameless, Object.create(null) as object]) {
      expect(failureKind(thrown)).toBe('failed');
      expect(describeError(thrown)).toBe('Thrown: something that cannot be shown as text');
    }
  });
});

describe('the description of an error', () => {
  it('is its stack', () => {
    const error = new Error('down');
    expect(describeError(error)).toBe(error.stack);
    expect(describeError(error)).toContain('retry-policy.spec');
  });

  it('is its name and message when it has no stack', () => {
    const error = new Error('down');
    delete error.stack;
    expect(describeError(error)).toBe('Error: down');
  });

  it.each<[string, unknown, string]>([
    ['text', 'down', 'Thrown: down'],
    ['a number', 503, 'Thrown: 503'],
    ['nothing', undefined, 'Thrown: undefined'],
    ['null', null, 'Thrown: null'],
    ['a symbol', Symbol('down'), 'Thrown: Symbol(down)'],
    ['an object', { status: 503 }, 'Thrown: [object Object]'],
  ])('says what was thrown: %s', (_, thrown, text) => {
    expect(describeError(thrown)).toBe(text);
  });

  it('is cut at 4,000 characters, and says how long it was', () => {
    expect(describeError('x'.repeat(3_992))).toBe(`Thrown: ${'x'.repeat(3_992)}`);
    expect(describeError('x'.repeat(3_993))).toBe(`Thrown: ${'x'.repeat(3_992)}… (4001 characters)`);
  });
});
