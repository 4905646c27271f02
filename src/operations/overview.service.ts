import { Injectable } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import { Clock } from '../events/clock.js';
import { Store } from '../store/store.js';
import { ListenersView } from './listeners-read.service.js';
import type { OverviewDto } from './overview.dto.js';
import { countSince } from './queries/event-counts.js';
import { countOpen } from './queries/durations.js';
import { wholeLog } from './queries/seq-at.js';
import { countHeld } from './queries/quarantine.js';
import { shared } from './queries/shared.js';
import { StatsService } from './stats.service.js';

/** How long an overview is good for. */
const TTL_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR = 60;

/** The whole service in numbers. */
@Injectable()
export class OverviewService {
  /** An overview that is at most a second old. */
  readonly now = shared(TTL_MS, () => this.make());

  constructor(
    private readonly config: AppConfig,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly stats: StatsService,
    private readonly view: ListenersView,
  ) {}

  private async make(): Promise<OverviewDto> {
    const now = this.clock.now();
    const [log, lastMinute, interactions, durations, listeners, held] = await Promise.all([
      wholeLog(this.store),
      countSince(this.store, now - MINUTE_MS),
      this.interactions(now),
      this.stats.durations(HOUR),
      this.view.all(),
      countHeld(this.store),
    ]);
    return {
      at: new Date(now).toISOString(),
      events: { lastMinute, total: log.to - log.from },
      interactions,
      durations: durations && { medianMs: durations.medianMs, p95Ms: durations.p95Ms },
      listeners: {
        waiting: listeners.reduce((sum, { waiting }) => sum + waiting, 0),
        lagSeconds: Math.max(0, ...listeners.map(({ lagSeconds }) => lagSeconds)),
        dead: listeners.reduce((sum, { dead }) => sum + dead, 0),
        paused: listeners.filter(({ paused }) => paused).length,
        orphaned: listeners.filter(({ loaded }) => !loaded).length,
      },
      quarantine: { held },
      requestsWaiting: this.store.backlog,
    };
  }

  private async interactions(now: number): Promise<OverviewDto['interactions']> {
    const { interactions } = this.config;
    if (interactions === undefined) return null;
    const [{ open, stuck }, minutes] = await Promise.all([
      countOpen(this.store, now - interactions.stuckAfterMs),
      this.stats.minutes(HOUR),
    ]);
    const finishedLastHour = minutes.reduce((sum, { byType }) => sum + (byType['FINISHED'] ?? 0), 0);
    return { open, stuck, finishedLastHour };
  }
}
