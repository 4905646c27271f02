import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

import { Metrics } from '../observability/metrics.js';
import { Dispatcher } from './dispatcher.js';
import { ListenerRegistry } from './listener-registry.js';

/** Counts what becomes of attempts, for every listener that is loaded. */
@Injectable()
export class EventMetrics implements OnApplicationBootstrap {
  constructor(
    private readonly metrics: Metrics,
    private readonly dispatcher: Dispatcher,
    private readonly registry: ListenerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    for (const { name } of this.registry.listeners()) this.metrics.load(name);
    this.dispatcher.attempts.subscribe((report) => this.metrics.attempted(report));
  }
}
