import { Injectable } from '@nestjs/common';

import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../../events/clock.js';
import { Store } from '../../store/store.js';
import { countOpen, durations, quantile } from '../queries/durations.js';
import { seqAt, wholeLog } from '../queries/seq-at.js';
import { shared } from '../queries/shared.js';
import type { OverviewInteractionsDto } from '../overview/overview.dto.js';
import { EventCounter, MINUTE_MS } from './stats-counter.js';
import type { DurationsDto, MinuteStatsDto } from './stats.dto.js';

/** How long durations are good for: to find them costs more than to count. */
const DURATIONS_TTL_MS = 5_000;
/** Minutes. */
const HOUR = 60;
/** Upper bounds, in seconds, of the buckets that durations are counted in. */
const BOUNDS = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];

/** Counts of events, and durations of interactions. */
@Injectable()
export class StatsService {
  /** By minutes. */
  private readonly cached = new Map<number, () => Promise<DurationsDto>>();

  constructor(
    private readonly config: AppConfig,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly counter: EventCounter,
  ) {}

  /** Events of the last minutes, the current one last. */
  async minutes(minutes: number): Promise<MinuteStatsDto[]> {
    const counted = await this.counter.last(minutes, this.clock.now());
    return counted.map(({ minute, counts }) => ({
      at: new Date(minute * MINUTE_MS).toISOString(),
      ...counts,
    }));
  }

  /** Interactions in numbers; null while nobody keeps their state. */
  async interactions(): Promise<OverviewInteractionsDto | null> {
    const { interactions } = this.config;
    if (interactions === undefined) return null;
    const [{ open, stuck }, minutes] = await Promise.all([
      countOpen(this.store, this.clock.now() - interactions.stuckAfterMs),
      this.minutes(HOUR),
    ]);
    const finishedLastHour = minutes.reduce((sum, { byType }) => sum + (byType['FINISHED'] ?? 0), 0);
    return { open, stuck, finishedLastHour };
  }

  /** How long interactions took that finished in the last minutes; null while nobody keeps their state. */
  async durations(minutes: number): Promise<DurationsDto | null> {
    if (this.config.interactions === undefined) return null;
    let ask = this.cached.get(minutes);
    if (ask === undefined) {
      this.cached.set(minutes, (ask = shared(DURATIONS_TTL_MS, () => this.measure(minutes))));
    }
    return ask();
  }

  private async measure(minutes: number): Promise<DurationsDto> {
    const log = await wholeLog(this.store);
    const from = await seqAt(this.store, this.clock.now() - minutes * MINUTE_MS, log);
    const all = await durations(this.store, { from, to: log.to });
    const bounds = [-1, ...BOUNDS.map((seconds) => seconds * 1_000), Infinity];
    return {
      count: all.length,
      medianMs: quantile(all, 0.5),
      p95Ms: quantile(all, 0.95),
      buckets: bounds.slice(1).map((upTo, i) => ({
        upToMs: upTo === Infinity ? null : upTo,
        count: all.filter((ms) => ms > (bounds[i] ?? 0) && ms <= upTo).length,
      })),
    };
  }
}
