import { Injectable } from '@nestjs/common';

import { Clock } from '../../events/clock.js';
import { UnknownListenerError } from '../../events/delivery.service.js';
import { ListenerRegistry, type Listener } from '../../events/listener-registry.js';
import type { ListenerFilter } from '../../store/filter.js';
import { Store } from '../../store/store.js';
import { fromEventFilter } from '../api/filter.js';
import type { ListenerDetailDto, ListenerDto, ListenerOptionsDto } from './listeners-read.dto.js';
import { ListenerSampler } from './listeners-sampler.js';
import { lagSeconds, listenerStatuses, type ListenerStatus } from '../queries/listeners.js';
import { toTime } from '../queries/event-deliveries.js';

/** What is told of listeners. */
@Injectable()
export class ListenersView {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly registry: ListenerRegistry,
    private readonly sampler: ListenerSampler,
  ) {}

  /** Every listener that was ever loaded, by name. */
  async all(): Promise<ListenerDto[]> {
    const now = this.clock.now();
    const loaded = new Map(this.registry.listeners().map((listener) => [listener.name, listener]));
    const statuses = await listenerStatuses(this.store, now);
    return statuses.map((status) => this.describe(status, loaded.get(status.name), now));
  }

  /**
   * One listener.
   *
   * @throws UnknownListenerError for one that was never loaded.
   */
  async one(name: string): Promise<ListenerDto> {
    const found = (await this.all()).find((listener) => listener.name === name);
    if (found === undefined) throw new UnknownListenerError(name);
    return found;
  }

  /** One listener with its last hour. @throws as {@link one}. */
  async detail(name: string): Promise<ListenerDetailDto> {
    const listener = await this.one(name);
    const series = this.sampler.series(name).map(({ at, ...sample }) => ({
      at: new Date(at).toISOString(),
      ...sample,
    }));
    return { ...listener, series };
  }

  private describe(status: ListenerStatus, listener: Listener | undefined, now: number): ListenerDto {
    const { name, paused, catchingUpFrom, waiting, running, dead } = status;
    return {
      name,
      loaded: listener !== undefined,
      options: listener === undefined ? null : toOptions(listener),
      filter: fromEventFilter(JSON.parse(status.filter) as ListenerFilter),
      paused,
      catchingUpFrom,
      waiting,
      running,
      dead,
      lagEvents: waiting + running,
      lagSeconds: lagSeconds(status, now),
      oldestPendingAt: toTime(status.oldestPendingAt),
      ...this.sampler.rate(name),
    };
  }
}

function toOptions({ options }: Listener): ListenerOptionsDto {
  const { attempts, timeoutMs, concurrency, onDead, from } = options;
  return { attempts, timeoutMs, concurrency, onDead, from };
}
