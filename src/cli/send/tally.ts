import type { Outcome } from './sender.js';

/** What became of many requests, as `--json` prints it. */
export interface Summary {
  /** Requests that were sent, answered or not. */
  readonly sent: number;
  readonly planned: number;
  /** How many were answered with each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many got no answer, by the code of the fault. */
  readonly unanswered: Readonly<Record<string, number>>;
  /** Percentiles of the time to an answer in milliseconds; absent where nothing was answered. */
  readonly ms?: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly seconds: number;
  /** Answers per second. */
  readonly perSecond: number;
  readonly interrupted: boolean;
}

/** Counts outcomes. */
export class Tally {
  private readonly times: number[] = [];
  private readonly statuses: Record<string, number> = {};
  private readonly unanswered: Record<string, number> = {};
  private total = 0;

  constructor(private readonly planned: number) {}

  add(outcome: Outcome): void {
    this.total++;
    if ('code' in outcome) {
      count(this.unanswered, outcome.code);
      return;
    }
    count(this.statuses, String(outcome.status));
    this.times.push(outcome.ms);
  }

  get answered(): number {
    return this.times.length;
  }

  /** Whether all that was planned was sent and answered 200. */
  get allStored(): boolean {
    return this.statuses['200'] === this.planned;
  }

  /** How many were answered with a status. */
  of(status: number): number {
    return this.statuses[status] ?? 0;
  }

  summary(seconds: number, interrupted: boolean): Summary {
    return {
      sent: this.total,
      planned: this.planned,
      statuses: this.statuses,
      unanswered: this.unanswered,
      ...(this.times.length > 0 ? { ms: percentiles(this.times) } : {}),
      seconds: round(seconds),
      perSecond: Math.round(this.times.length / Math.max(seconds, Number.EPSILON)),
      interrupted,
    };
  }
}

/**
 * The value that a share of all values does not exceed, by the nearest rank.
 *
 * @example
 * percentile([1, 2, 3, 4], 50); // 2
 */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil((share / 100) * sorted.length), 1) - 1] ?? NaN;
}

/** Rounds to hundredths. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function percentiles(times: readonly number[]): NonNullable<Summary['ms']> {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    p50: round(percentile(sorted, 50)),
    p95: round(percentile(sorted, 95)),
    p99: round(percentile(sorted, 99)),
  };
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
