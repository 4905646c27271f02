import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import { Clock } from '../../events/clock.js';
import { EventService } from '../../events/event.service.js';
import { Store } from '../../store/store.js';
import { lagSeconds, listenerStatuses } from '../queries/listeners.js';

const SAMPLE_MS = 60_000;
/** Samples that are kept. */
const SAMPLES = 60;
/** Samples that a rate is made of, besides what came after the last of them. */
const RATE_SAMPLES = 5;

/** A listener in one minute of this process. */
export interface ListenerSample {
  /** When the minute ended; milliseconds since 1970. */
  readonly at: number;
  readonly lagSeconds: number;
  readonly lagEvents: number;
  /** Attempts that succeeded, and that failed, in that minute. */
  readonly done: number;
  readonly failed: number;
}

/** How a listener did lately in this process. */
export interface ListenerRate {
  /** Attempts a minute. */
  readonly perMinute: number;
  /** The share of them that failed, from 0 to 1. */
  readonly errorRate: number;
}

interface Attempts {
  done: number;
  failed: number;
}

/** Looks at every listener once a minute, and remembers an hour. Counts the attempts of this process. */
@Injectable()
export class ListenerSampler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ListenerSampler.name);
  private readonly samples = new Map<string, ListenerSample[]>();
  /** Since the last sample. */
  private recent = new Map<string, Attempts>();
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private subscription: Subscription | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly events: EventService,
  ) {}

  onApplicationBootstrap(): void {
    this.startedAt = this.clock.now();
    this.subscription = this.events.attempts.subscribe(({ listener, outcome }) => {
      let attempts = this.recent.get(listener);
      if (attempts === undefined) this.recent.set(listener, (attempts = { done: 0, failed: 0 }));
      attempts[outcome === 'done' ? 'done' : 'failed']++;
    });
    this.timer = setInterval(() => {
      this.sample().catch((error: unknown) => {
        this.logger.warn(`Listeners could not be looked at: ${(error as Error).message}`);
      });
    }, SAMPLE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.subscription?.unsubscribe();
  }

  /** Takes a sample of every listener, which ends the present minute. */
  async sample(): Promise<void> {
    const at = this.clock.now();
    const { recent } = this;
    this.recent = new Map();
    for (const status of await listenerStatuses(this.store, at)) {
      const samples = this.samples.get(status.name) ?? [];
      const { done, failed } = recent.get(status.name) ?? { done: 0, failed: 0 };
      const lagEvents = status.waiting + status.running;
      samples.push({ at, lagSeconds: lagSeconds(status, at), lagEvents, done, failed });
      if (samples.length > SAMPLES) samples.shift();
      this.samples.set(status.name, samples);
    }
  }

  /** The last hour of a listener, its latest minute last. */
  series(listener: string): readonly ListenerSample[] {
    return this.samples.get(listener) ?? [];
  }

  /** How a listener did over the last five minutes. */
  rate(listener: string): ListenerRate {
    const samples = this.series(listener);
    const since = samples.at(-RATE_SAMPLES - 1)?.at ?? this.startedAt;
    const recent = [...samples.slice(-RATE_SAMPLES), this.recent.get(listener) ?? { done: 0, failed: 0 }];
    const done = recent.reduce((sum, attempts) => sum + attempts.done, 0);
    const failed = recent.reduce((sum, attempts) => sum + attempts.failed, 0);
    const minutes = Math.max(1, (this.clock.now() - since) / SAMPLE_MS);
    return {
      perMinute: Math.round(((done + failed) / minutes) * 10) / 10,
      errorRate: done + failed === 0 ? 0 : Math.round((failed / (done + failed)) * 1_000) / 1_000,
    };
  }
}
