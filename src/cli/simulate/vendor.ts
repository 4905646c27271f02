import { setTimeout as sleep } from 'node:timers/promises';

import type { Outcome, Sender } from '../send/sender.js';
import type { Ledger } from './ledger.js';
import type { PlannedRequest } from './traffic.js';

const LONGEST_RETRY_MS = 60_000;

/** How the vendor sends. */
export interface VendorOptions {
  /** By channel: one that knows the secret, and one that does not. */
  readonly senders: ReadonlyMap<string, { readonly right: Sender; readonly wrong: Sender }>;
  /** Requests under way at the most; what is due waits then. */
  readonly connections: number;
  /** How often a request is sent until it is answered 200. */
  readonly attempts: number;
  /** Until the second attempt; the wait doubles with each, up to a minute. */
  readonly retryMs: number;
  /** How many times as fast as real the simulated clock goes. */
  readonly speed: number;
  readonly ledger: Ledger;
  /** Aborted when no more is to be sent. */
  readonly stop: AbortSignal;
  readonly onOutcome: (request: PlannedRequest, outcome: Outcome) => void;
}

/** Sends requests when they are due, and again until they are acknowledged: on anything but 200, as the real one. */
export class Vendor {
  private readonly startedAt = performance.now();
  /** When the next request is due; all before it were sent. */
  private dueMs = 0;
  private readonly deliveries = new Set<Promise<void>>();
  private underWay = 0;
  private readonly wakers: (() => void)[] = [];
  /** Requests that wait until they are sent again. */
  waiting = 0;

  constructor(private readonly options: VendorOptions) {}

  /** Milliseconds since the start, on the simulated clock. It waits for what cannot be sent in time. */
  get now(): number {
    return Math.min((performance.now() - this.startedAt) * this.options.speed, this.dueMs);
  }

  /** Sends all of it; ends when the last request is acknowledged or given up. */
  async run(traffic: Iterable<PlannedRequest>): Promise<void> {
    for (const request of traffic) {
      this.dueMs = request.atMs;
      await this.pause(this.startedAt + request.atMs / this.options.speed - performance.now());
      await this.room();
      if (this.options.stop.aborted) break;
      const delivery = this.deliver(request);
      this.deliveries.add(delivery);
      void delivery.then(() => this.deliveries.delete(delivery));
    }
    await Promise.all(this.deliveries);
  }

  private async deliver(request: PlannedRequest): Promise<void> {
    const { ledger, attempts, retryMs } = this.options;
    ledger.sent(request);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.send(request);
      ledger.attempted(request, attempt, outcome);
      this.options.onOutcome(request, outcome);
      // Whoever makes events up does not insist.
      if (request.kind === 'forged' || ('status' in outcome && outcome.status === 200)) return;
      if (attempt === attempts) {
        if (request.kind === 'new') ledger.requests.givenUp++;
        return;
      }
      this.waiting++;
      await this.pause(Math.min(retryMs * 2 ** (attempt - 1), LONGEST_RETRY_MS));
      await this.room();
      if (this.options.stop.aborted) return;
      this.waiting--;
    }
  }

  private async send({ kind, channel, body, traceId }: PlannedRequest): Promise<Outcome> {
    const senders = this.options.senders.get(channel);
    if (senders === undefined) throw new Error(`There is no sender for the channel ${channel}.`);
    this.underWay++;
    try {
      return await senders[kind === 'forged' ? 'wrong' : 'right'].send(body, traceId);
    } finally {
      this.underWay--;
      for (const wake of this.wakers.splice(0)) wake();
    }
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.options.stop }).catch(() => undefined);
  }

  /** Waits until another request may be under way. */
  private async room(): Promise<void> {
    while (this.underWay >= this.options.connections) {
      await new Promise<void>((resolve) => this.wakers.push(resolve));
    }
  }
}
