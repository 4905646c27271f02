import assert from 'node:assert/strict';

import { PermanentError, RetryLaterError } from '../../src/events/delivery.js';
import { judge, type Failure } from '../../src/events/retry-policy.js';
import type { ClaimedDelivery, ClaimOffer, Settlement } from '../../src/store/records.js';
import type { SimulatedListener } from './listeners.js';
import type { Model } from './model.js';
import type { Outcome } from './steps.js';
import type { SimulatedStore } from './store.js';

const LEASE_MS = 10_000;
/** Deliveries claimed beyond a listener's concurrency. */
const PREFETCH = 3;

/** What a worker works in. */
export interface Surroundings {
  readonly store: SimulatedStore;
  readonly model: Model;
  readonly now: number;
}

interface Running {
  readonly delivery: ClaimedDelivery;
  readonly owner: number;
  readonly startedAt: number;
}

/**
 * A process that runs deliveries, as the dispatcher does, one step at a time. It remembers what it believes to
 * be its own, which after a standstill need not be true.
 */
export class SimulatedWorker {
  private queue: ClaimedDelivery[] = [];
  private running: Running[] = [];
  /** Results that could not be recorded yet. */
  private unrecorded: Settlement[] = [];
  private lastRecorded: readonly Settlement[] = [];

  private constructor(
    private readonly around: Surroundings,
    private owner: number,
  ) {}

  static async start(around: Surroundings): Promise<SimulatedWorker> {
    return new SimulatedWorker(around, await enroll(around));
  }

  offer(): ClaimOffer {
    const ids = [...this.around.model.listeners.keys()];
    return { owner: this.owner, capacity: Object.fromEntries(ids.map((id) => [id, this.free(id)])) };
  }

  /** Takes what was claimed for it. */
  async accept(deliveries: readonly ClaimedDelivery[]): Promise<void> {
    this.queue.push(...deliveries);
    await this.fill();
  }

  async claim(limit: number): Promise<void> {
    const { store, model, now } = this.around;
    const wanted = [...model.listeners.keys()]
      .map((listenerId) => ({ listenerId, limit: Math.min(limit, this.free(listenerId)) }))
      .filter((want) => want.limit > 0);
    const { deliveries } = await store.call('claim', { owner: this.owner, wanted, now });
    for (const { listenerId, attempt, attemptsBefore, event } of deliveries) {
      model.claim(listenerId, event.seq, { owner: this.owner, attempt }, now);
      const promised = model.deliveries.get(`${listenerId}:${event.seq}`);
      assert.equal(attemptsBefore, promised?.attemptsBefore, 'attempts count anew after an operator asked');
      const { seq, type, channel, interactionId, receivedAt, late } = event;
      const { line: _, ...stored } = promised?.event ?? { line: '' };
      assert.deepEqual({ seq, type, channel, interactionId, receivedAt, late }, stored);
    }
    await this.accept(deliveries);
  }

  /** Ends an attempt that runs. */
  async finish(nth: number, outcome: Outcome, held: boolean): Promise<boolean> {
    const attempt = this.running[nth % this.running.length];
    if (attempt === undefined) return false;
    this.running = this.running.filter((other) => other !== attempt);
    this.record(attempt, toResult(outcome, attempt.delivery, this.around));
    if (!held) await this.flush();
    await this.fill();
    return true;
  }

  /** Records its last results once more, as when it never learned that they were stored. */
  async repeat(): Promise<boolean> {
    this.unrecorded.unshift(...this.lastRecorded);
    if (this.unrecorded.length === 0) return false;
    await this.flush();
    return true;
  }

  async heartbeat(): Promise<void> {
    const { store, model, now } = this.around;
    const renewed = await store.call('heartbeat', { owner: this.owner, now, leaseMs: LEASE_MS });
    assert.equal(
      renewed,
      model.heartbeat(this.owner, now, LEASE_MS),
      'a lease is renewed until it has ended',
    );
    if (renewed) return;
    this.queue = [];
    this.owner = await enroll(this.around);
  }

  /** Gives back what it has not begun. */
  async giveBack(paused: readonly number[]): Promise<void> {
    const back = this.queue.filter(({ listenerId }) => paused.includes(listenerId));
    this.queue = this.queue.filter((delivery) => !back.includes(delivery));
    await this.release(back);
  }

  /** Carries replays and backfills further, as its poll does. */
  async advance(): Promise<void> {
    const { store, model, now } = this.around;
    const { paused } = await store.call('advance', { now });
    model.advance();
    await this.giveBack(paused);
  }

  /** Ends in good order: what it cannot finish is as if it had never begun. */
  async stop(): Promise<void> {
    const { store, model, now } = this.around;
    await this.flush();
    await store.call('retire', { owner: this.owner, now, begun: false });
    model.retire(this.owner, false);
  }

  private free(listenerId: number): number {
    const mine = [...this.queue, ...this.running.map(({ delivery }) => delivery)];
    const { concurrency } = this.listener(listenerId).options;
    return Math.max(0, concurrency + PREFETCH - mine.filter((d) => d.listenerId === listenerId).length);
  }

  /** Begins what is claimed, up to each listener's concurrency. */
  private async fill(): Promise<void> {
    for (const delivery of [...this.queue]) {
      const { listenerId, attempt, attemptsBefore } = delivery;
      const { concurrency, attempts, onDead } = this.listener(listenerId).options;
      if (this.running.filter((other) => other.delivery.listenerId === listenerId).length >= concurrency)
        continue;
      this.queue = this.queue.filter((other) => other !== delivery);
      const begun = { delivery, owner: this.owner, startedAt: this.around.now };
      if (attempt - attemptsBefore <= attempts) {
        this.running.push(begun);
        continue;
      }
      // Its attempts are used up, and none could be recorded: each ended with its worker.
      this.record(begun, { state: 'dead', outcome: 'permanent', error: 'lost', park: onDead === 'park' });
      await this.flush();
    }
  }

  private record({ delivery, owner, startedAt }: Running, result: Settlement['result']): void {
    const { listenerId, attempt, interactionKey, event } = delivery;
    const duration = this.around.now - startedAt;
    this.unrecorded.push({
      seq: event.seq,
      listenerId,
      interactionKey,
      owner,
      attempt,
      startedAt,
      duration,
      result,
    });
  }

  private async flush(): Promise<void> {
    const { store, model, now } = this.around;
    const settlements = this.unrecorded.splice(0);
    this.lastRecorded = settlements;
    const { voided } = await store.call('settle', { settlements, now });
    const expected = settlements.filter((settlement) => model.settle(settlement)).length;
    assert.equal(voided, expected, 'a result is void exactly when the claim is no longer its worker’s');
  }

  private async release(deliveries: readonly ClaimedDelivery[]): Promise<void> {
    const { store, model, now } = this.around;
    const claims = deliveries.map(({ listenerId, event }) => ({ listenerId, seq: event.seq }));
    await store.call('release', { owner: this.owner, claims, now });
    model.release(this.owner, claims);
  }

  private listener(id: number): SimulatedListener {
    const found = this.around.model.listeners.get(id);
    assert(found !== undefined, `listener ${id} was never registered`);
    return found.listener;
  }
}

async function enroll({ store, model, now }: Surroundings): Promise<number> {
  const owner = await store.call('enroll', { pid: process.pid, now, leaseMs: LEASE_MS });
  assert(!model.leases.has(owner), 'the id of a worker is never used again');
  model.leases.set(owner, now + LEASE_MS);
  return owner;
}

/** What the real retry policy makes of an outcome. */
function toResult(
  outcome: Outcome,
  delivery: ClaimedDelivery,
  { model, now }: Surroundings,
): Settlement['result'] {
  if (outcome.kind === 'done') return { state: 'done' };
  const listener = model.listeners.get(delivery.listenerId)?.listener;
  assert(listener !== undefined);
  const failure = toFailure(outcome);
  const random = outcome.kind === 'later' ? 0 : outcome.random;
  const verdict = judge(failure, delivery.attempt - delivery.attemptsBefore, listener.options, random);
  const recorded = { outcome: outcome.kind, error: 'failed' };
  return verdict.next === 'dead'
    ? { state: 'dead', ...recorded, park: listener.options.onDead === 'park' }
    : { state: 'pending', ...recorded, dueAt: now + verdict.delayMs };
}

function toFailure(outcome: Exclude<Outcome, { kind: 'done' }>): Failure {
  if (outcome.kind === 'later') return { kind: 'later', error: new RetryLaterError(outcome.seconds) };
  if (outcome.kind === 'permanent') return { kind: 'permanent', error: new PermanentError('no') };
  return { kind: outcome.kind, error: new Error('failed') };
}
