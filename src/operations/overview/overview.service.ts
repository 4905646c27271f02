import { Injectable } from '@nestjs/common';

import { Clock } from '../../events/clock.js';
import { Store } from '../../store/store.js';
import { ListenersView } from '../listeners/listeners-read.service.js';
import type { OverviewDto } from './overview.dto.js';
import { countSince } from '../queries/event-counts.js';
import { LogSize } from '../queries/log-size.js';
import { countHeld } from '../queries/quarantine.js';
import { shared } from '../queries/shared.js';
import { StatsService } from '../stats/stats.service.js';

/** How long an overview is good for. */
const TTL_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR = 60;

/** The whole service in numbers. */
@Injectable()
export class OverviewService {
  /** An overview that is about a second old at most. */
  readonly now = shared(TTL_MS, () => this.make());

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly stats: StatsService,
    private readonly view: ListenersView,
    private readonly size: LogSize,
  ) {}

  private async make(): Promise<OverviewDto> {
    const now = this.clock.now();
    const [total, lastMinute, interactions, durations, listeners, held] = await Promise.all([
      this.size.now(),
      countSince(this.store, now - MINUTE_MS),
      this.stats.interactions(),
      this.stats.durations(HOUR),
      this.view.all(),
      countHeld(this.store),
    ]);
    return {
      at: new Date(now).toISOString(),
      events: { lastMinute, total },
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
}
