import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';

import { Store } from '../../store/store.js';
import { countByMinute } from '../queries/event-counts.js';
import { DISORDER_MS, seqAt, settledLog, timeAt, type SeqRange } from '../queries/seq-at.js';

export const MINUTE_MS = 60_000;
/** Minutes that are kept. */
export const MINUTES_LIMIT = 1_440;
/** Positions of the log that one question counts: others ask the same thread. */
const CHUNK = 25_000;
/** New events above which counting begins anew from the end of the log: the latest minutes come first. */
const RESTART = 1_000_000;
/** How long somebody who asks waits for what is not counted yet. */
const PATIENCE_MS = 2_000;
/** Different types, and media types, that are told apart: with `UNKNOWN_VALUES=accept` a sender can make them up. */
const NAMES_LIMIT = 50;

/** Events of one minute. */
export interface MinuteCounts {
  total: number;
  readonly byType: Record<string, number>;
  readonly byMediaType: Record<string, number>;
}

/**
 * Counts events by minute: each event once, when somebody asks, and from then on out of memory. It has counted
 * one stretch of the log, which grows at both ends.
 */
@Injectable()
export class EventCounter implements OnModuleDestroy {
  private readonly logger = new Logger(EventCounter.name);
  private readonly minutes = new Map<number, MinuteCounts>();
  private readonly types = new Set<string>();
  private readonly mediaTypes = new Set<string>();
  private counted: SeqRange | undefined;
  /** The minute, since 1970, down to which counting goes; and the first one that is counted to its beginning. */
  private target = Infinity;
  private completeSince = Infinity;
  private working: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly store: Store) {}

  onModuleDestroy(): void {
    this.stopping = true;
  }

  /**
   * The counts of the last minutes, the current one last. Those that are not counted yet are left out at the
   * beginning: ask again.
   *
   * @param now milliseconds since 1970.
   */
  async last(minutes: number, now: number): Promise<{ minute: number; counts: MinuteCounts }[]> {
    const end = Math.floor(now / MINUTE_MS);
    const start = end - minutes + 1;
    await this.catchUp(start, end);
    const first = Math.max(start, Math.min(this.completeSince, end));
    return Array.from({ length: end - first + 1 }, (_, i) => {
      const minute = first + i;
      return { minute, counts: this.minutes.get(minute) ?? noCounts() };
    });
  }

  /** Counts what is new, and what is older down to a minute; waits for that, but not for long. */
  private async catchUp(start: number, end: number): Promise<void> {
    this.target = Math.max(Math.min(this.target, start), end - MINUTES_LIMIT + 1);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
    // What runs already may have looked at the end of the log for the last time.
    const ended = this.working?.then(() => this.work()) ?? this.work();
    await Promise.race([ended, patience]).finally(() => clearTimeout(timer));
  }

  private work(): Promise<void> {
    this.working ??= this.count()
      .catch((error: unknown) => {
        if (!this.stopping) this.logger.warn(`Events could not be counted: ${(error as Error).message}`);
      })
      .finally(() => (this.working = undefined));
    return this.working;
  }

  /** One chunk after the other: new events first, then those before the counted ones. */
  private async count(): Promise<void> {
    while (!this.stopping) {
      const log = await settledLog(this.store);
      const counted = this.begin(log);
      if (counted.to < log.to) {
        const to = Math.min(log.to, counted.to + CHUNK);
        await this.add({ from: counted.to, to });
        this.counted = { ...counted, to };
        continue;
      }
      if (this.completeSince <= this.target) return;
      const first = await seqAt(this.store, this.target * MINUTE_MS - DISORDER_MS, log);
      if (counted.from <= first) {
        this.completeSince = this.target;
        return;
      }
      const from = Math.max(first, counted.from - CHUNK);
      const earliest = await timeAt(this.store, from);
      await this.add({ from, to: counted.from });
      this.counted = { ...counted, from };
      this.completeSince = Math.ceil((earliest + DISORDER_MS) / MINUTE_MS);
    }
  }

  /** The stretch that is counted; none at the end of the log, where it would take long to catch up. */
  private begin(log: SeqRange): SeqRange {
    const { counted } = this;
    if (counted !== undefined && counted.to <= log.to && log.to - counted.to < RESTART) return counted;
    this.minutes.clear();
    this.completeSince = Infinity;
    return (this.counted = { from: log.to, to: log.to });
  }

  private async add(range: SeqRange): Promise<void> {
    for (const { minute, type, media_type: mediaType, count } of await countByMinute(this.store, range)) {
      let counts = this.minutes.get(minute);
      if (counts === undefined) this.minutes.set(minute, (counts = noCounts()));
      counts.total += count;
      increase(counts.byType, nameOf(type, this.types), count);
      increase(counts.byMediaType, nameOf(mediaType, this.mediaTypes), count);
    }
    const oldest = Math.max(...this.minutes.keys()) - MINUTES_LIMIT;
    for (const minute of this.minutes.keys()) if (minute < oldest) this.minutes.delete(minute);
  }
}

/** Without a prototype: a sender may name a type `__proto__`. */
function noCounts(): MinuteCounts {
  const names = (): Record<string, number> => Object.create(null) as Record<string, number>;
  return { total: 0, byType: names(), byMediaType: names() };
}

/** The name that a value is counted under: its own, unless it is none or there are too many of them. */
function nameOf(value: string | null, known: Set<string>): string {
  if (value === null) return 'none';
  if (known.size < NAMES_LIMIT) known.add(value);
  return known.has(value) ? value : 'other';
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}
