import { Clock } from '../events/clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * Time that stands still until a test moves it, and chance that a test decides.
 *
 * @example
 * const clock = new TestClock('2026-06-14T08:00:00Z');
 * const delivered = deliver(new CrmListener(hangingCrm), interactionEvent(), { clock });
 * clock.advance(30_000);
 * assert.equal((await delivered).outcome, 'retry');
 */
export class TestClock extends Clock {
  /**
   * What {@link random} answers, from 0 to 1. A retry's delay is that part of the longest it can be: 1, the
   * default, makes it exact.
   */
  chance = 1;

  private time: number;
  private readonly timers = new Set<Timer>();

  /** @param start the time it shows first; the real one by default. */
  constructor(start: Date | string | number = Date.now()) {
    super();
    this.time = new Date(start).getTime();
    if (Number.isNaN(this.time)) throw new RangeError(`Not a time: ${String(start)}`);
  }

  override now(): number {
    return this.time;
  }

  override random(): number {
    return this.chance;
  }

  /** Moves the time on, by milliseconds. What falls due on the way happens before this returns, in order. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Time moves on, not by ${ms} ms.`);
    const end = this.time + ms;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.timers.delete(next);
      this.time = next.due;
      next.callback();
    }
    this.time = end;
  }

  /** Calls back once the time has moved on by `ms`, unless what it returns is called before. */
  readonly schedule = (callback: () => void, ms: number): (() => void) => {
    const timer = { due: this.time + ms, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  private next(end: number): Timer | undefined {
    return [...this.timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
  }
}
