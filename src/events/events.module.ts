import {
  Global,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { config as rxjs } from 'rxjs';

import { AppConfig } from '../config/app-config.js';
import { Retention } from '../store/retention/retention.js';
import { Store } from '../store/store.js';
import { Clock } from './clock.js';
import { DeliveryService } from './delivery.service.js';
import { Dispatcher } from './dispatcher.js';
import { EventMetrics } from './event-metrics.js';
import { EventService } from './event.service.js';
import { ListenerRegistry } from './listener-registry.js';

/** How long running attempts may take to end once the service stops. */
const STOP_GRACE_MS = 5_000;
/** Between two attempts to begin with a store that came late, and went again. */
const BEGIN_RETRY_MS = 1_000;

/** The domain: events, listeners, and what brings the ones to the others. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [Clock, DeliveryService, Dispatcher, EventMetrics, EventService, ListenerRegistry],
  exports: [Clock, DeliveryService, Dispatcher, EventService, ListenerRegistry],
})
export class EventsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(EventsModule.name);
  private stopping = false;
  private retention: Retention | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly store: Store,
    private readonly registry: ListenerRegistry,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // A subscriber of events or attempts that throws is no reason to end the process.
    rxjs.onUnhandledError ??= (error) => this.logger.error({ err: error as Error }, 'A subscriber failed');
    if (this.store.isOpen) return this.begin();
    this.logger.error('The store is not there yet. Nothing is received or delivered until it is.');
    void this.beginLater();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.retention?.stop();
    await this.dispatcher.stop(STOP_GRACE_MS);
  }

  /** Begins once the store is there: until then, the first call of it waits. */
  private async beginLater(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.begin();
        this.logger.log('The store is there: deliveries begin.');
        return;
      } catch (error) {
        this.logger.error(`Deliveries cannot begin yet: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, BEGIN_RETRY_MS));
      }
    }
  }

  /** Makes the listeners known to the store, and starts to deliver to them. */
  private async begin(): Promise<void> {
    const listeners = this.registry.listeners();
    const declared = listeners.map(({ name, filter: { name: _, ...filter }, options }) => ({
      name,
      filter,
      from: options.from,
    }));
    const ids = await this.store.call('register', { listeners: declared, now: this.clock.now() });
    await this.reportOrphans(new Set(Object.keys(ids)));
    if (!this.config.roles.has('deliver')) return;
    await this.dispatcher.start(listeners.map((listener) => [ids[listener.name] as number, listener]));
    const { retentionDays: days } = this.config;
    if (days === undefined || this.stopping) return;
    this.retention = new Retention(this.store, { days, now: () => this.clock.now() });
    this.retention.start();
  }

  /** Deliveries of a listener that is not loaded stay; somebody should know. */
  private async reportOrphans(loaded: ReadonlySet<string>): Promise<void> {
    const known = await this.store.query(this.store.builder.selectFrom('listeners').select('name'));
    const orphans = known.map(({ name }) => name).filter((name) => !loaded.has(name));
    if (orphans.length === 0) return;
    this.logger.warn(
      `Not loaded: ${orphans.join(', ')}. Events are kept for these listeners until they are loaded again.`,
    );
  }
}
