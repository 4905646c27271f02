import { EVENT_TYPES } from '../../events/interaction-event.js';
import { Agenda } from './agenda.js';
import { trafficAt } from './day.js';
import { bodyOf, newInteraction, type VendorEvent } from './interactions.js';
import { Random } from './random.js';

/** What the vendor's traffic is like. Probabilities are from 0 to 1; times are of the simulated clock. */
export interface TrafficOptions {
  readonly seed: number;
  readonly channels: readonly [string, ...string[]];
  /** Interactions that start per second at the busiest time of the day. */
  readonly perSecond: number;
  /** Time of the day at the start, in milliseconds. */
  readonly startMs: number;
  /** Nothing happens later. */
  readonly durationMs: number;
  /** Interactions that start at the most. */
  readonly count: number;
  /** Bursts per hour on average; in each, what otherwise starts in 30 s starts at once. */
  readonly burstsPerHour: number;
  /** That a request carries several events, where others come soon enough. */
  readonly batches: number;
  /** That a request is sent again later, though it was acknowledged. */
  readonly duplicates: number;
  /** That the FINISHED of an interaction comes before its STARTED. */
  readonly reordered: number;
  /** That a request is accompanied by one with a wrong signature. */
  readonly forged: number;
}

/** A request, when it is first sent. */
export interface PlannedRequest {
  /** Milliseconds since the start, on the simulated clock. */
  readonly atMs: number;
  /** New events; the bytes of an earlier request once more; or events that somebody else made up. */
  readonly kind: 'new' | 'duplicate' | 'forged';
  readonly channel: string;
  readonly operationId: string;
  readonly traceId: string;
  readonly body: Buffer;
  readonly events: readonly VendorEvent[];
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const BURST_S = 30;
const BURST_SPREAD_MS = 2 * SECOND_MS;
/** How long the vendor gathers events, and how many more than two of them on average. */
const BATCH_WAIT_MS = 5 * SECOND_MS;
const BATCH_MORE = 2;
const DUPLICATE_AFTER_MS = 30 * SECOND_MS;
const STARTED_AFTER_FINISHED_MS = 10 * SECOND_MS;

/** Something that happens at its time, and what is sent because of it. */
type Happening = (atMs: number) => PlannedRequest | undefined;

/** The vendor's requests in the order of time, as the options determine them: the same for the same options. */
export class Traffic implements Iterable<PlannedRequest> {
  /** Interactions that have begun, those whose FINISHED was sent, and those of which it came first. */
  started = 0;
  finished = 0;
  reordered = 0;

  private readonly random: Random;
  private readonly agenda = new Agenda<Happening>();
  /** Events that wait to be sent together, and how many of them are wanted, by channel. */
  private readonly gathering = new Map<string, { readonly events: VendorEvent[]; readonly size: number }>();

  constructor(private readonly options: TrafficOptions) {
    this.random = new Random(options.seed);
  }

  *[Symbol.iterator](): Generator<PlannedRequest> {
    const { durationMs, burstsPerHour } = this.options;
    this.awaitArrival(0);
    if (burstsPerHour > 0) this.awaitBurst(0);
    for (let next = this.agenda.next(); next !== undefined; next = this.agenda.next()) {
      if (next.atMs > durationMs) break;
      const request = next.value(next.atMs);
      if (request !== undefined) yield request;
    }
    for (const channel of [...this.gathering.keys()]) yield this.sendGathered(durationMs, channel);
  }

  /** A Poisson process whose rate follows the day, by thinning: at the highest rate, some are left out. */
  private awaitArrival(now: number): void {
    const { perSecond, startMs } = this.options;
    this.agenda.add(now + this.random.exponential(SECOND_MS / perSecond), (atMs) => {
      if (this.random.happens(trafficAt(startMs + atMs))) this.begin(atMs);
      if (this.mayBegin) this.awaitArrival(atMs);
      return undefined;
    });
  }

  private awaitBurst(now: number): void {
    const { burstsPerHour, perSecond, startMs } = this.options;
    this.agenda.add(now + this.random.exponential(HOUR_MS / burstsPerHour), (atMs) => {
      const size = Math.ceil(BURST_S * perSecond * trafficAt(startMs + atMs));
      for (let i = 0; i < size; i++) this.begin(atMs + this.random.next() * BURST_SPREAD_MS);
      if (this.mayBegin) this.awaitBurst(atMs);
      return undefined;
    });
  }

  private get mayBegin(): boolean {
    return this.started < this.options.count;
  }

  private begin(atMs: number): void {
    if (!this.mayBegin) return;
    this.started++;
    const channel = this.random.among(this.options.channels);
    const { durationMs, ...entity } = newInteraction(this.random);
    const finishedAt = atMs + durationMs;
    const isReordered = this.random.happens(this.options.reordered);
    const startedAt = isReordered ? finishedAt + this.random.exponential(STARTED_AFTER_FINISHED_MS) : atMs;
    this.agenda.add(startedAt, (now) => this.tell(now, channel, { event: 'STARTED', ...entity }));
    this.agenda.add(finishedAt, (now) => {
      this.finished++;
      if (isReordered) this.reordered++;
      return this.tell(now, channel, { event: 'FINISHED', ...entity });
    });
  }

  /** Sends an event, alone or with others. */
  private tell(atMs: number, channel: string, event: VendorEvent): PlannedRequest | undefined {
    const batch = this.gathering.get(channel);
    if (batch !== undefined) {
      batch.events.push(event);
      return batch.events.length < batch.size ? undefined : this.sendGathered(atMs, channel);
    }
    if (this.random.happens(this.options.batches)) {
      this.gather(atMs, channel, event);
      return undefined;
    }
    return this.send(atMs, channel, [event]);
  }

  private gather(atMs: number, channel: string, first: VendorEvent): void {
    const batch = { events: [first], size: 2 + Math.round(this.random.exponential(BATCH_MORE)) };
    this.gathering.set(channel, batch);
    this.agenda.add(atMs + BATCH_WAIT_MS, (now) =>
      // A full one has been sent by now, and another may be gathering.
      this.gathering.get(channel) === batch ? this.sendGathered(now, channel) : undefined,
    );
  }

  private sendGathered(atMs: number, channel: string): PlannedRequest {
    const events = this.gathering.get(channel)?.events ?? [];
    this.gathering.delete(channel);
    return this.send(atMs, channel, events);
  }

  private send(atMs: number, channel: string, events: readonly VendorEvent[]): PlannedRequest {
    const request = this.request('new', atMs, channel, events);
    if (this.random.happens(this.options.duplicates)) {
      this.agenda.add(atMs + this.random.exponential(DUPLICATE_AFTER_MS), (now) => {
        return { ...request, kind: 'duplicate', atMs: now, traceId: this.random.hex(32) };
      });
    }
    if (this.random.happens(this.options.forged)) {
      const { durationMs: _, ...entity } = newInteraction(this.random);
      const forged: VendorEvent = { event: this.random.among(EVENT_TYPES), ...entity };
      this.agenda.add(atMs, (now) => this.request('forged', now, channel, [forged]));
    }
    return request;
  }

  private request(
    kind: PlannedRequest['kind'],
    atMs: number,
    channel: string,
    events: readonly VendorEvent[],
  ): PlannedRequest {
    const operationId = this.random.uuid();
    const traceId = this.random.hex(32);
    return { kind, atMs, channel, operationId, traceId, body: bodyOf(operationId, events), events };
  }
}
