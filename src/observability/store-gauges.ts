import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Injectable, Logger } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import {
  heldPayloads,
  listenerBacklogs,
  openInteractions,
  type ListenerBacklog,
} from '../store/queries/backlog.js';
import { Store } from '../store/store.js';
import { Metrics } from './metrics.js';

/** How long what was read is good for: however many scrape, the store is asked once. */
const TTL_MS = 1_000;

/** What the store holds at a moment. */
interface Snapshot {
  readonly at: number;
  readonly listeners: readonly ListenerBacklog[];
  readonly held: number;
  /** `undefined` where the listener `interactions` is off. */
  readonly interactions: { readonly open: number; readonly stuck: number } | undefined;
}

/** What `/metrics` tells of the store: looked up when somebody asks, by queries that only read. */
@Injectable()
export class StoreGauges {
  private readonly logger = new Logger('Metrics');
  private snapshot: Promise<Snapshot | undefined> | undefined;
  private readAt = 0;

  constructor(
    private readonly store: Store,
    private readonly config: AppConfig,
    private readonly metrics: Metrics,
  ) {
    store.onCommit((report) => metrics.committed(report));
    this.ofQueue();
    this.ofListeners();
    this.ofInteractions();
    this.ofDisk();
  }

  private ofQueue(): void {
    const { metrics, store, config } = this;
    metrics.gauge('store_queue_requests', 'Requests that wait for the disk.', [], (gauge) =>
      gauge.set(store.backlog),
    );
    metrics.gauge(
      'store_queue_limit',
      'Requests that may wait for the disk; more are refused (MAX_PENDING).',
      [],
      (gauge) => gauge.set(config.maxPending),
    );
    metrics.gauge('quarantine_held', 'Payloads in quarantine.', [], async (gauge) => {
      const snapshot = await this.read();
      if (snapshot === undefined) gauge.remove();
      else gauge.set(snapshot.held);
    });
  }

  private ofListeners(): void {
    const each = (
      name: string,
      help: string,
      value: (listener: ListenerBacklog, now: number) => number,
    ): void => {
      this.metrics.gauge(name, help, ['listener'], async (gauge) => {
        const snapshot = await this.read();
        for (const listener of snapshot?.listeners ?? []) {
          gauge.set({ listener: listener.name }, value(listener, snapshot?.at ?? 0));
        }
      });
    };
    each('deliveries_open', 'Deliveries that are not over.', ({ open }) => open);
    each('dead_letters', 'Deliveries whose attempts are used up.', ({ dead }) => dead);
    each('listener_loaded', '1 where this process has loaded the listener.', ({ name }) =>
      Number(this.metrics.isLoaded(name)),
    );
    each('listener_paused', '1 while an operator has paused the listener.', ({ paused }) => Number(paused));
    each(
      'listener_oldest_pending_seconds',
      'For how long the delivery that is due longest has been due.',
      ({ oldestDueAt }, now) => secondsSince(oldestDueAt, now),
    );
    each(
      'listener_lag_seconds',
      'How long ago the event of the delivery that is due longest was received.',
      ({ oldestDueAt = Infinity, oldestReceivedAt }, now) =>
        oldestDueAt > now ? 0 : secondsSince(oldestReceivedAt, now),
    );
  }

  private ofInteractions(): void {
    const help = 'Interactions that started and have not finished, and those of them that are stuck.';
    this.metrics.gauge('interactions', help, ['state'], async (gauge) => {
      const counts = (await this.read())?.interactions;
      if (counts === undefined) return;
      gauge.set({ state: 'open' }, counts.open);
      gauge.set({ state: 'stuck' }, counts.stuck);
    });
  }

  private ofDisk(): void {
    const { database } = this.config;
    if (database.engine !== 'sqlite') return;
    const { file } = database;
    this.metrics.gauge('store_size_bytes', 'Size of the SQLite file with its log.', [], async (gauge) => {
      const sizes = [file, `${file}-wal`].map((path) =>
        stat(path).then(
          ({ size }) => size,
          () => 0,
        ),
      );
      gauge.set((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0));
    });
    this.metrics.gauge('store_disk_free_bytes', 'What the disk of the store has left.', [], async (gauge) => {
      const disk = await statfs(dirname(file)).catch(() => undefined);
      if (disk === undefined) gauge.remove();
      else gauge.set(disk.bavail * disk.bsize);
    });
  }

  /** One look for all who ask while it runs, and for a while after. `undefined` while the store gives no answer. */
  private read(): Promise<Snapshot | undefined> {
    if (this.snapshot === undefined || Date.now() - this.readAt > TTL_MS) {
      this.readAt = Infinity;
      this.snapshot = this.look()
        .catch((error: unknown) => {
          this.logger.warn(`The store could not be asked for metrics: ${(error as Error).message}`);
          return undefined;
        })
        .finally(() => (this.readAt = Date.now()));
    }
    return this.snapshot;
  }

  private async look(): Promise<Snapshot> {
    const at = Date.now();
    const { store } = this;
    const { interactions } = this.config;
    const [listeners, held, counts] = await Promise.all([
      listenerBacklogs(store),
      heldPayloads(store),
      interactions === undefined ? undefined : openInteractions(store, at - interactions.stuckAfterMs),
    ]);
    return { at, listeners, held, interactions: counts };
  }
}

function secondsSince(time: number | undefined, now: number): number {
  return time === undefined ? 0 : Math.max(0, (now - time) / 1_000);
}
