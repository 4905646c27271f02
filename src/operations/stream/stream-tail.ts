import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import { EventService } from '../../events/event.service.js';
import { Store } from '../../store/store.js';
import { eventsAfter } from '../queries/events.js';

/** How often the log is looked at: what another process appended wakes nobody here. */
const POLL_MS = 500;
/** How long others are waited for when an event has come: under load, one look finds many. */
const GATHER_MS = 25;
/** Events that are read at once. */
const PAGE = 500;
/** Events that are kept for all followers. Whoever is further behind reads the log by itself. */
const RECENT = 1_000;

/** An event of the log as a stream sends it. */
export interface TailEvent {
  readonly seq: number;
  /** The event as JSON. */
  readonly json: string;
}

/** Lets many follow the log, whose end is read once for all of them, and by nobody while none follows. */
@Injectable()
export class LogTail implements OnModuleDestroy {
  private tail: Tail | undefined;

  constructor(
    private readonly store: Store,
    private readonly events: EventService,
  ) {}

  onModuleDestroy(): void {
    this.tail?.stop();
  }

  /**
   * Every event after a position, and from then on whatever is appended: in the order of the log, none twice,
   * none left out, as fast as the caller takes them.
   *
   * @param signal ends it.
   * @throws StoreUnavailableError when the log cannot be read.
   */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<readonly TailEvent[]> {
    const tail = (this.tail ??= new Tail(this.store, this.events));
    tail.followers++;
    try {
      yield* tail.follow(after, signal);
    } finally {
      if (--tail.followers === 0) {
        tail.stop();
        if (this.tail === tail) this.tail = undefined;
      }
    }
  }
}

/** The end of the log, from when the first one follows it until the last one has left. */
class Tail {
  followers = 0;

  private readonly logger = new Logger(LogTail.name);
  private readonly started: Promise<void>;
  private readonly subscription: Subscription;
  private readonly poll: NodeJS.Timeout;
  private reading = false;
  private woken = false;
  private stopped = false;
  /** All events after {@link recentAfter} and up to {@link position}. */
  private readonly recent: TailEvent[] = [];
  private recentAfter = 0;
  private position = 0;
  /** Those who wait for {@link position} to move. */
  private waiting = new Set<() => void>();

  constructor(
    private readonly store: Store,
    events: EventService,
  ) {
    this.started = store.horizon().then((horizon) => {
      this.position = this.recentAfter = horizon;
    });
    this.subscription = events.events.subscribe(() => this.wake());
    this.poll = setInterval(() => this.wake(), POLL_MS).unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.poll);
    this.subscription.unsubscribe();
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<readonly TailEvent[]> {
    await this.started;
    let at = after;
    while (!signal.aborted) {
      const upTo = this.position;
      if (at >= upTo) {
        await this.moved(signal);
        continue;
      }
      const events =
        at < this.recentAfter ? await this.load(at, upTo) : this.recent.filter(({ seq }) => seq > at);
      // A stretch without any events is behind us too.
      at = events.at(-1)?.seq ?? upTo;
      if (events.length > 0) yield events;
    }
  }

  private wake(): void {
    this.woken = true;
    if (this.reading) return;
    this.reading = true;
    void this.readWhileWoken().finally(() => (this.reading = false));
  }

  private async readWhileWoken(): Promise<void> {
    while (this.woken && !this.stopped) {
      this.woken = false;
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      await this.read().catch((error: unknown) => this.warn(error as Error));
    }
  }

  /** The poll tries again; unless the store closes, as we do. */
  private warn({ message }: Error): void {
    if (!this.stopped) this.logger.warn(`The end of the log could not be read: ${message}`);
  }

  /** Reads what is new, page by page. */
  private async read(): Promise<void> {
    await this.started;
    const upTo = await this.store.horizon();
    while (this.position < upTo && !this.stopped) {
      const events = await this.load(this.position, upTo);
      this.advance(events, events.length < PAGE ? upTo : (events.at(-1)?.seq ?? upTo));
    }
  }

  private advance(events: readonly TailEvent[], position: number): void {
    this.recent.push(...events);
    const surplus = this.recent.splice(0, Math.max(0, this.recent.length - RECENT));
    this.recentAfter = surplus.at(-1)?.seq ?? this.recentAfter;
    this.position = position;
    const { waiting } = this;
    this.waiting = new Set();
    for (const resume of waiting) resume();
  }

  private async load(after: number, upTo: number): Promise<TailEvent[]> {
    const events = await eventsAfter(this.store, { after, upTo }, PAGE);
    return events.map((event) => ({ seq: event.seq, json: JSON.stringify(event) }));
  }

  /** Waits until there may be something new. */
  private moved(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        signal.removeEventListener('abort', resume);
        this.waiting.delete(resume);
        resolve();
      };
      signal.addEventListener('abort', resume);
      this.waiting.add(resume);
    });
  }
}
