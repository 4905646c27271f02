import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { AppConfig } from '../config/app-config.js';
import type { Commit } from '../store/store.js';
import { Labelled } from './labelled.js';
import { REFUSAL_REASONS, type RefusalReason } from './refusal-reason.js';

/** What every metric of this service begins with. */
const PREFIX = 'interactions_webhook_';
/** Metrics that other programs have too, under the same names. */
const COMMON = /^(process|nodejs)_/;

/** Seconds: from an answer out of memory to the 10 s after which the vendor gives up. */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds: from a fast disk to one that the store waits 5 s for. */
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Receipts: a commit takes 512 at the most. */
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** Seconds: handlers commonly have 30 s. */
const ATTEMPT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds: readiness takes an event loop that is more than one late for down. */
const LOOP_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Stands for a channel that is not configured any more, and for a value that the vendor's page does not list. */
export const OTHER = 'other';

/** An attempt that is over. */
export interface AttemptCount {
  readonly listener: string;
  /** What came of the attempt. */
  readonly result: 'done' | 'failed' | 'timeout' | 'permanent' | 'later';
  /** What that means for its delivery. */
  readonly outcome: 'done' | 'retry' | 'dead';
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * What the service counts, for `/metrics`. Each application has one, so that several can run in a process.
 * Values of labels are bounded: by the configuration, by the listeners that are loaded, or by a list.
 *
 * `docs/observability.md` describes every metric, and is held to them by a test.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  private readonly requests = this.counter(
    'requests_received_total',
    'POSTs to the webhook of which the headers arrived.',
  );
  private readonly requestSeconds = this.histogram(
    'request_duration_seconds',
    'From the headers of a POST to the webhook until its answer was sent.',
    REQUEST_BUCKETS,
    ['status'],
  );
  private readonly rejected = this.counter(
    'requests_rejected_total',
    'Requests that were refused, by reason.',
    ['reason'],
  );
  private readonly signatures = this.counter(
    'signatures_matched_total',
    'Requests whose signature was right, by the position of the secret that matched; 0 is the current one.',
    ['channel', 'secret'],
  );
  private readonly payloads = this.counter('payloads_accepted_total', 'Valid payloads that are on disk.', [
    'channel',
  ]);
  private readonly held = this.counter(
    'payloads_quarantined_total',
    'Authentic payloads that are not valid and were put into quarantine, repeated ones among them.',
    ['channel'],
  );
  private readonly events = this.counter('events_stored_total', 'New events that are on disk.', [
    'channel',
    'type',
    'media_type',
  ]);
  private readonly duplicates = this.counter(
    'events_duplicate_total',
    'Events that were known already and had no effect.',
    ['channel'],
  );
  private readonly commitSeconds = this.histogram(
    'store_commit_duration_seconds',
    'From when a group of writes was handed to the store until it was on disk.',
    COMMIT_BUCKETS,
  );
  private readonly commitReceipts = this.histogram(
    'store_commit_receipts',
    'Receipts in a commit that stored any.',
    BATCH_BUCKETS,
  );
  private readonly commitFailures = this.counter(
    'store_commit_failures_total',
    'Groups of writes of which nothing was stored.',
  );
  private readonly attempts = this.counter(
    'attempts_total',
    'Attempts of listeners that are over, by what came of them.',
    ['listener', 'outcome'],
  );
  private readonly attemptSeconds = this.histogram(
    'attempt_duration_seconds',
    'How long an attempt took.',
    ATTEMPT_BUCKETS,
    ['listener'],
  );
  private readonly deliveries = this.counter(
    'deliveries_finished_total',
    'Deliveries that an attempt brought to their end.',
    ['listener', 'outcome'],
  );
  private readonly loopSeconds = this.histogram(
    'event_loop_delay_seconds',
    'How late the event loop was, sampled twenty times a second.',
    LOOP_BUCKETS,
  );

  private readonly channels: ReadonlySet<string>;
  private readonly listeners = new Set<string>();

  constructor({ secrets }: Pick<AppConfig, 'secrets'>) {
    this.channels = new Set(secrets.keys());
    // A counter that begins with its first event would hide that event from `rate` and `increase`.
    for (const reason of REFUSAL_REASONS) this.rejected.of(reason).bound.inc(0);
    for (const [channel, keys] of secrets) {
      for (const metric of [this.payloads, this.held, this.duplicates]) metric.of(channel).bound.inc(0);
      for (const secret of keys.keys()) this.signatures.of(channel).of(secret).bound.inc(0);
    }
  }

  /** A POST to the webhook arrived. */
  received(): void {
    this.requests.bound.inc();
  }

  /** Its answer was sent. */
  answered(status: number, milliseconds: number): void {
    this.requestSeconds.of(status).bound.observe(milliseconds / 1_000);
  }

  /** A request was refused, wherever that was decided. */
  refused(reason: RefusalReason): void {
    this.rejected.of(reason).bound.inc();
  }

  /** A signature was right. @param secret position of the secret that matched. */
  verified(channel: string, secret: number): void {
    this.signatures.of(channel).of(secret).bound.inc();
  }

  quarantined(channel: string): void {
    this.held.of(channel).bound.inc();
  }

  /** A payload is on disk. @param duplicates how many of its events were known already. */
  accepted(channel: string, duplicates: number): void {
    const known = this.known(channel);
    this.payloads.of(known).bound.inc();
    if (duplicates > 0) this.duplicates.of(known).bound.inc(duplicates);
  }

  /** A new event is on disk. @param type and media type: listed ones, `none` or {@link OTHER}. */
  stored(channel: string, type: string, mediaType: string): void {
    this.events.of(this.known(channel)).of(type).of(mediaType).bound.inc();
  }

  committed({ receipts, milliseconds, failed }: Commit): void {
    this.commitSeconds.bound.observe(milliseconds / 1_000);
    if (failed) this.commitFailures.bound.inc();
    else if (receipts > 0) this.commitReceipts.bound.observe(receipts);
  }

  /** An attempt is over, and its result on disk. */
  attempted({ listener, result, outcome, duration }: AttemptCount): void {
    this.attempts.of(listener).of(result).bound.inc();
    this.attemptSeconds.of(listener).bound.observe(duration / 1_000);
    if (outcome !== 'retry') this.deliveries.of(listener).of(outcome).bound.inc();
  }

  /** A listener of this process. */
  load(listener: string): void {
    this.listeners.add(listener);
    // As above: its first failure is to be an increase.
    for (const result of ['done', 'failed', 'timeout', 'permanent', 'later']) {
      this.attempts.of(listener).of(result).bound.inc(0);
    }
    for (const outcome of ['done', 'dead']) this.deliveries.of(listener).of(outcome).bound.inc(0);
  }

  isLoaded(listener: string): boolean {
    return this.listeners.has(listener);
  }

  loopDelayed(milliseconds: number): void {
    this.loopSeconds.bound.observe(milliseconds / 1_000);
  }

  /** A value that is looked up when somebody asks for it. */
  gauge<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    collect: (gauge: Gauge<T>) => Promise<void> | void,
  ): void {
    new Gauge({
      name: COMMON.test(name) ? name : `${PREFIX}${name}`,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        this.reset();
        await collect(this);
      },
    });
  }

  private counter(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
  ): Labelled<Counter.Internal> {
    const counter = new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [this.registry] });
    return new Labelled((labels) => counter.labels(...labels));
  }

  private histogram(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly string[] = [],
  ): Labelled<Histogram.Internal<string>> {
    const registers = [this.registry];
    const histogram = new Histogram({ name: `${PREFIX}${name}`, help, labelNames, buckets, registers });
    return new Labelled((labels) => histogram.labels(...labels));
  }

  /** A payload that comes back from quarantine may be of a channel that is gone. */
  private known(channel: string): string {
    return this.channels.has(channel) ? channel : OTHER;
  }
}
