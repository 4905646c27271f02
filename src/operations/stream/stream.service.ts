import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import type { AttemptReport } from '../../events/dispatcher.js';
import { EventService } from '../../events/event.service.js';
import { Store } from '../../store/store.js';
import { OperationError } from '../api/errors.js';
import { OverviewService } from '../overview/overview.service.js';
import type { StreamConnection } from './stream-connection.js';
import type { StreamAttemptDto, StreamTopic } from './stream.dto.js';
import { LogTail } from './stream-tail.js';

/** Streams at once. Each costs memory, and under load time. */
const STREAM_LIMIT = 100;
const OVERVIEW_MS = 2_000;

/** Sends events, attempts and overviews to all who look. */
@Injectable()
export class StreamService implements OnModuleDestroy {
  private readonly logger = new Logger(StreamService.name);
  private readonly streams = new Map<StreamConnection, ReadonlySet<StreamTopic>>();
  private attempts: Subscription | undefined;
  private overviews: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly store: Store,
    private readonly events: EventService,
    private readonly tail: LogTail,
    private readonly overview: OverviewService,
  ) {}

  /** Ends every stream: an open one would keep the service from ending. */
  onModuleDestroy(): void {
    this.stopping = true;
    for (const stream of this.streams.keys()) stream.close();
  }

  /** How many streams are open. */
  get size(): number {
    return this.streams.size;
  }

  /** @throws OperationError when no more streams can be opened. */
  admit(): void {
    const reason = this.stopping
      ? 'The service is about to stop.'
      : `${STREAM_LIMIT} streams are open already, which is as many as there can be.`;
    if (this.stopping || this.streams.size >= STREAM_LIMIT) {
      const headers = { 'retry-after': '5' };
      throw new OperationError({ status: 503, message: `${reason} Try again later.`, headers });
    }
  }

  /**
   * Sends what a stream is about until it ends.
   *
   * @param after the last event that its reader has; `undefined`: from now on.
   */
  async serve(
    stream: StreamConnection,
    topics: ReadonlySet<StreamTopic>,
    after: number | undefined,
  ): Promise<void> {
    this.streams.set(stream, topics);
    this.adjust();
    try {
      if (topics.has('overview')) void this.sendOverview([stream]);
      if (topics.has('event')) await this.sendEvents(stream, after);
      else await new Promise((resolve) => stream.ended.addEventListener('abort', resolve, { once: true }));
    } catch (error) {
      this.logger.warn(`A stream ended early: ${(error as Error).message}`);
    } finally {
      this.streams.delete(stream);
      this.adjust();
      stream.close();
    }
  }

  private async sendEvents(stream: StreamConnection, after: number | undefined): Promise<void> {
    // One beyond the log is of another one: the store was restored, or its folder emptied.
    const begin = Math.min(after ?? Infinity, await this.store.horizon());
    // Known before the first event: whoever is cut off until then misses nothing either.
    stream.mark(begin);
    for await (const events of this.tail.follow(begin, stream.ended)) {
      for (const { seq, json } of events) stream.send('event', json, seq);
      // At the pace of its reader: what it has not taken stays in the log.
      await stream.drained();
    }
  }

  /** Looks at attempts and overviews while somebody wants them. */
  private adjust(): void {
    if (this.readers('attempt').length === 0) {
      this.attempts?.unsubscribe();
      this.attempts = undefined;
    } else {
      this.attempts ??= this.events.attempts.subscribe((report) => this.sendAttempt(report));
    }
    if (this.readers('overview').length === 0) {
      clearInterval(this.overviews);
      this.overviews = undefined;
    } else {
      this.overviews ??= setInterval(() => {
        void this.sendOverview(this.readers('overview'));
      }, OVERVIEW_MS).unref();
    }
  }

  private readers(topic: StreamTopic): StreamConnection[] {
    return [...this.streams].filter(([, topics]) => topics.has(topic)).map(([stream]) => stream);
  }

  private sendAttempt(report: AttemptReport): void {
    const json = JSON.stringify(describe(report));
    for (const stream of this.readers('attempt')) stream.send('attempt', json);
  }

  private async sendOverview(streams: readonly StreamConnection[]): Promise<void> {
    try {
      const json = JSON.stringify(await this.overview.now());
      for (const stream of streams) stream.send('overview', json);
    } catch (error) {
      if (!this.stopping) this.logger.warn(`There is no overview now: ${(error as Error).message}`);
    }
  }
}

const STATE_AFTER = { done: 'done', retry: 'pending', dead: 'dead' } as const;

function describe(report: AttemptReport): StreamAttemptDto {
  const { event, listener, attempt, attemptsBefore, result, outcome, error, duration } = report;
  return {
    seq: event.seq,
    listener,
    attempt: attempt + attemptsBefore,
    outcome: result,
    state: STATE_AFTER[outcome],
    durationMs: duration,
    error: error ?? null,
    interactionId: event.interactionId ?? null,
    channel: event.channel,
    traceId: event.traceId ?? null,
  };
}
