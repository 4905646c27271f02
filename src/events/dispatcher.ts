import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';

import { Tracing } from '../observability/tracing.js';
import type { ClaimedDelivery, ClaimOffer, Settlement } from '../store/records.js';
import { Store } from '../store/store.js';
import { startAttempt, type Attempt } from './attempt.js';
import { Clock } from './clock.js';
import type { InteractionEvent } from './interaction-event.js';
import type { Listener } from './listener-registry.js';
import { describeError, judge, type AttemptResult, type Failure, type FailureKind } from './retry-policy.js';

/** How long a worker that vanished keeps what it claimed. */
const LEASE_MS = 10_000;
const HEARTBEAT_MS = 2_500;
/** Heartbeats after which nothing is under way any more that a worker was offered for. */
const BEATS_TO_END = 6;
/** Deliveries claimed beyond a listener's concurrency, so that it need not wait for the next claim. */
const PREFETCH = 128;
/** The backstop for deliveries that another process appended. */
const POLL_MS = 500;
/** Between two batches of a replay: live events and their commits come first. */
const ADVANCE_PAUSE_MS = 20;
/** How long one turn of the event loop begins deliveries, before requests have their turn. */
const TURN_MS = 5;
/** How long a settlement that could not be stored waits before it is tried again. */
const SETTLE_RETRY_MS = 1_000;

/** What became of an attempt, for metrics and live views. */
export interface AttemptReport {
  readonly listener: string;
  readonly event: InteractionEvent;
  readonly attempt: number;
  /** Attempts made before an operator asked for fresh ones, which {@link attempt} does not count. */
  readonly attemptsBefore: number;
  /** What came of the attempt. */
  readonly result: 'done' | FailureKind;
  /** What that means for the delivery. */
  readonly outcome: 'done' | 'retry' | 'dead';
  /** Why it failed. */
  readonly error: string | undefined;
  /** Milliseconds. */
  readonly duration: number;
}

const DONE: Settlement['result'] = { state: 'done' };

interface SettledAttempt {
  readonly settlement: Settlement;
  readonly report: AttemptReport;
}

/** An attempt that runs. */
interface Run {
  readonly attempt: Attempt;
  /** The worker that it was claimed for. */
  readonly owner: number;
  /** Its index among those that run. */
  index: number;
}

/** A listener at work in this process. */
interface Lane {
  readonly id: number;
  readonly listener: Listener;
  readonly queue: ClaimedDelivery[];
  /** No Map or Set: its old tables would keep what has ended, see docs/decisions/0016. */
  readonly running: Run[];
  /** Whether the store may hold due deliveries for it. */
  due: boolean;
}

/**
 * Takes due deliveries from the store, runs their listeners, and records what came of it.
 *
 * The store decides what may run: it hands out one delivery per (listener, interaction) at a time, in
 * order. A claim is this worker's until it is settled, or until the lease that {@link heartbeat} renews has
 * ended; a settlement that comes later is void.
 */
@Injectable()
export class Dispatcher {
  private readonly reports = new Subject<AttemptReport>();
  /** Every attempt, after its result is on disk: for metrics and live views. */
  readonly attempts: Observable<AttemptReport> = this.reports.asObservable();

  private readonly logger = new Logger(Dispatcher.name);
  private readonly lanes = new Map<number, Lane>();
  private owner: number | undefined;
  /**
   * Workers that this process was before, with the heartbeats since. An answer was lost that may have claimed
   * deliveries for one of them, so it is retired once all is over that is known to be its own: what is left then
   * nobody here knows of.
   */
  private readonly former = new Map<number, number>();
  private lost = false;
  private stopping = false;
  private claiming = false;
  private scheduled = false;
  private turnEnd = 0;
  private settlements: SettledAttempt[] = [];
  /** Those that are being written. */
  private recording: SettledAttempt[] = [];
  private settling: Promise<void> | undefined;
  private advancing: Promise<void> | undefined;
  /** One at a time: two that find the lease gone would enroll twice. */
  private beating: Promise<void> | undefined;
  private heartbeatTimer: NodeJS.Timeout | undefined;
  private pollTimer: NodeJS.Timeout | undefined;
  private dueTimer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    @Optional() @Inject(Tracing) private readonly tracing: Tracing | undefined,
  ) {}

  /** Starts to deliver to listeners, given with the ids under which the store knows them. */
  async start(listeners: readonly (readonly [id: number, listener: Listener])[]): Promise<void> {
    for (const [id, listener] of listeners) {
      this.lanes.set(id, { id, listener, queue: [], running: [], due: true });
    }
    this.owner = await this.enroll();
    // At once, for what a process that crashed has left: its lease may have ended already.
    await this.heartbeat();
    // While a database was waited for.
    if (this.stopping) return;
    this.store.offerClaims(
      () => this.offer(),
      () => (this.lost = true),
    );
    this.store.onWake(() => this.wake());
    this.heartbeatTimer = setInterval(() => {
      this.beating ??= this.heartbeat().finally(() => (this.beating = undefined));
    }, HEARTBEAT_MS);
    this.pollTimer = setInterval(() => {
      this.wake();
      this.advanceSoon();
    }, POLL_MS);
    this.wake();
    this.advanceSoon();
  }

  /** Looks for due deliveries soon. */
  wake(): void {
    for (const lane of this.lanes.values()) lane.due = true;
    this.schedule();
  }

  /** Carries replays and backfills further, batch by batch, until none is left. */
  advanceSoon(): void {
    if (this.stopping || this.owner === undefined) return;
    this.advancing ??= this.advance().finally(() => (this.advancing = undefined));
  }

  /** Runs deliveries that were claimed in the transaction that appended them. */
  accept(deliveries: readonly ClaimedDelivery[]): void {
    for (const delivery of deliveries) this.lanes.get(delivery.listenerId)?.queue.push(delivery);
    this.schedule();
  }

  /** Deliveries that are claimed or running here. */
  get load(): number {
    return [...this.lanes.values()].reduce(
      (sum, { queue, running }) => sum + queue.length + running.length,
      0,
    );
  }

  /**
   * Stops: claims nothing more, fires the signal of every running attempt, records what ends within
   * `graceMs`, and gives the rest back.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    if (this.owner === undefined) return;
    this.store.offerClaims(() => undefined);
    clearInterval(this.pollTimer);
    clearTimeout(this.dueTimer);
    for (const { queue } of this.lanes.values()) queue.length = 0;
    const attempts = [...this.lanes.values()].flatMap(({ running }) => running.map(({ attempt }) => attempt));
    for (const attempt of attempts) attempt.abort(graceMs);
    await Promise.all(attempts.map(({ result }) => result));
    await this.flush();
    await this.advancing;
    clearInterval(this.heartbeatTimer);
    // Behind every group that may still claim: those were handed to the store before.
    for (const owner of [...this.former.keys(), this.owner]) {
      const retirement = { owner, now: this.clock.now(), begun: false };
      await this.store.call('retire', retirement).catch((error: unknown) => {
        // Its lease ends by itself: others get what it held somewhat later.
        this.logger.error(`This worker could not be retired: ${(error as Error).message}`);
      });
    }
  }

  private enroll(): Promise<number> {
    return this.store.call('enroll', { pid: process.pid, now: this.clock.now(), leaseMs: LEASE_MS });
  }

  private offer(): ClaimOffer | undefined {
    if (this.stopping || this.owner === undefined) return undefined;
    const capacity: Record<number, number> = {};
    for (const lane of this.lanes.values()) capacity[lane.id] = free(lane);
    return { owner: this.owner, capacity };
  }

  private async heartbeat(): Promise<void> {
    try {
      const args = { owner: this.owner as number, now: this.clock.now(), leaseMs: LEASE_MS };
      if (await this.store.call('heartbeat', args)) {
        await this.tendFormer();
        return;
      }
      // This process stood still for longer than its lease: others have its deliveries now.
      this.logger.warn(
        'The lease of this worker ended while it stood still; its deliveries were given to others.',
      );
      for (const { queue, running } of this.lanes.values()) {
        queue.length = 0;
        for (const { attempt } of running) attempt.abort(0);
      }
      this.owner = await this.enroll();
      this.wake();
    } catch (error) {
      this.logger.error(`The lease could not be renewed: ${(error as Error).message}`);
    }
  }

  /** Becomes another worker where claims of this one were lost, and retires those it was before. */
  private async tendFormer(): Promise<void> {
    for (const [owner, beats] of this.former) {
      if (beats < BEATS_TO_END || this.isAtWork(owner)) {
        this.former.set(owner, beats + 1);
        await this.store.call('heartbeat', { owner, now: this.clock.now(), leaseMs: LEASE_MS });
      } else {
        await this.store.call('retire', { owner, now: this.clock.now(), begun: false });
        this.former.delete(owner);
        this.wake();
      }
    }
    if (!this.lost) return;
    this.lost = false;
    const before = this.owner as number;
    this.owner = await this.enroll().catch((error: unknown) => {
      this.lost = true;
      throw error;
    });
    this.former.set(before, 0);
  }

  /** Whether something of a worker is known that is not over. */
  private isAtWork(worker: number): boolean {
    const isOwn = ({ owner }: { owner: number }): boolean => owner === worker;
    return (
      [...this.settlements, ...this.recording].some(({ settlement }) => isOwn(settlement)) ||
      [...this.lanes.values()].some(({ queue, running }) => queue.some(isOwn) || running.some(isOwn))
    );
  }

  private async advance(): Promise<void> {
    try {
      while (!this.stopping) {
        const { moved, paused } = await this.store.call('advance', { now: this.clock.now() });
        await this.giveBack(paused);
        // The poll goes on with what had to wait.
        if (!moved) return;
        this.wake();
        await new Promise((resolve) => setTimeout(resolve, ADVANCE_PAUSE_MS));
      }
    } catch (error) {
      // The poll tries again.
      this.logger.error(`A replay could not go on: ${(error as Error).message}`);
    }
  }

  private schedule(): void {
    if (this.scheduled || this.stopping) return;
    this.scheduled = true;
    // Not at once: answers to requests that wait in this turn of the event loop go out first.
    setImmediate(() => {
      this.scheduled = false;
      if (this.stopping) return;
      this.turnEnd = performance.now() + TURN_MS;
      for (const lane of this.lanes.values()) this.fill(lane);
      void this.claim();
    });
  }

  /** Starts what is claimed, up to the listener's concurrency. */
  private fill(lane: Lane): void {
    while (lane.running.length < lane.listener.options.concurrency) {
      const delivery = lane.queue.shift();
      if (delivery === undefined) return;
      this.run(lane, delivery);
    }
  }

  /** Claims due deliveries for every listener that has use for them. */
  private async claim(): Promise<void> {
    if (this.claiming || this.stopping) return;
    const hungry = [...this.lanes.values()].filter((lane) => lane.due && lane.queue.length <= PREFETCH / 2);
    const wanted = hungry
      .map((lane) => ({ listenerId: lane.id, limit: free(lane) }))
      .filter(({ limit }) => limit > 0);
    if (wanted.length === 0) return;
    this.claiming = true;
    for (const { listenerId } of wanted) (this.lanes.get(listenerId) as Lane).due = false;
    try {
      const now = this.clock.now();
      const owner = this.owner as number;
      const { deliveries, nextDue } = await this.store.call('claim', { owner, wanted, now });
      for (const { listenerId } of wanted) {
        (this.lanes.get(listenerId) as Lane).due ||= (nextDue[listenerId] ?? Infinity) <= now;
      }
      this.wakeAt(Math.min(...Object.values(nextDue).filter((due) => due > now)));
      this.accept(deliveries);
    } catch (error) {
      // The poll tries again.
      this.logger.error(`Deliveries could not be claimed: ${(error as Error).message}`);
    } finally {
      this.claiming = false;
    }
  }

  /** Returns what is claimed but not begun of listeners that an operator has paused. */
  async giveBack(paused: readonly number[]): Promise<void> {
    const queued = paused.flatMap((id) => this.lanes.get(id)?.queue.splice(0) ?? []);
    if (queued.length === 0) return;
    try {
      for (const owner of new Set(queued.map((delivery) => delivery.owner))) {
        const own = queued.filter((delivery) => delivery.owner === owner);
        const claims = own.map(({ listenerId, event }) => ({ listenerId, seq: event.seq }));
        await this.store.call('release', { owner, claims, now: this.clock.now() });
      }
    } catch (error) {
      // They may be this worker's still, and nobody here knows of them: they become free when it is retired.
      this.lost = true;
      throw error;
    }
  }

  /** Wakes when the next retry falls due, if that is before the next poll. */
  private wakeAt(due: number): void {
    const delay = due - this.clock.now();
    if (delay >= POLL_MS || due >= this.dueAt) return;
    clearTimeout(this.dueTimer);
    this.dueAt = due;
    this.dueTimer = setTimeout(
      () => {
        this.dueAt = Infinity;
        this.wake();
      },
      Math.max(1, delay),
    );
  }

  private run(lane: Lane, delivery: ClaimedDelivery): void {
    const { listener } = lane;
    const { owner } = delivery;
    const event: InteractionEvent = { ...delivery.event, receivedAt: new Date(delivery.event.receivedAt) };
    const number = delivery.attempt - delivery.attemptsBefore;
    const startedAt = this.clock.now();
    const finish = (result: AttemptResult): void => {
      // Cut off by our own end: as if it had never begun.
      if (result === 'aborted') return;
      const { attempt, attemptsBefore, interactionKey } = delivery;
      const duration = this.clock.now() - startedAt;
      const recorded = result === 'done' ? DONE : this.failed(listener, event, result, number);
      const outcome = recorded.state === 'pending' ? 'retry' : recorded.state;
      const error = recorded.state === 'done' ? undefined : recorded.error;
      this.settle({
        settlement: {
          seq: event.seq,
          listenerId: lane.id,
          interactionKey,
          owner,
          attempt,
          startedAt,
          duration,
          result: recorded,
        },
        report: {
          listener: listener.name,
          event,
          attempt: number,
          attemptsBefore,
          result: result === 'done' ? 'done' : result.kind,
          outcome,
          error,
          duration,
        },
      });
    };
    if (number > listener.options.attempts) {
      const { attempts } = listener.options;
      const error = new Error(`All ${attempts} attempts are used up; the last ones ended with the process.`);
      finish({ kind: 'permanent', error });
      return;
    }
    const span = this.tracing?.attempt(listener.name, event, number);
    const start = (): Attempt => startAttempt(listener, event, number);
    const attempt = span === undefined ? start() : span.run(start);
    const run: Run = { attempt, owner, index: lane.running.length };
    lane.running.push(run);
    void attempt.result.then((result) => {
      span?.ended(typeof result === 'string' ? result : result.kind);
      remove(lane.running, run);
      finish(result);
      // Behind a handler that takes no time the next one need not wait for another turn.
      if (!this.stopping && performance.now() < this.turnEnd) this.fill(lane);
      this.schedule();
    });
  }

  private settle(settled: SettledAttempt): void {
    this.settlements.push(settled);
    this.settling ??= this.writeSettlements().finally(() => (this.settling = undefined));
  }

  /** Decides what a failure leads to, and says it aloud. */
  private failed(
    { name, options }: Listener,
    event: InteractionEvent,
    failure: Failure,
    attempt: number,
  ): Settlement['result'] {
    const verdict = judge(failure, attempt, options, this.clock.random());
    const error = describeError(failure.error);
    const fields = { listener: name, seq: event.seq, attempt, traceId: event.traceId, error };
    if (verdict.next === 'dead') {
      this.logger.error(fields, `Listener ${name} gave up on event ${event.seq}: it is a dead letter`);
      return { state: 'dead', outcome: failure.kind, error, park: options.onDead === 'park' };
    }
    this.logger.warn(
      fields,
      `Listener ${name} failed on event ${event.seq}; next attempt in ${verdict.delayMs} ms`,
    );
    return { state: 'pending', outcome: failure.kind, error, dueAt: this.clock.now() + verdict.delayMs };
  }

  /** Writes settlements in groups until none is left; while the store cannot take them, they wait here. */
  private async writeSettlements(): Promise<void> {
    while (this.settlements.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const group = (this.recording = this.settlements.splice(0));
      try {
        const settlements = group.map(({ settlement }) => settlement);
        const { voided, steppedUp } = await this.store.call('settle', { settlements, now: this.clock.now() });
        if (voided > 0)
          this.logger.warn(`${voided} results came after their lease had ended; they are void.`);
        this.recording = [];
        for (const { report } of group) this.reports.next(report);
        if (steppedUp > 0 || group.some(({ settlement }) => settlement.result.state === 'pending'))
          this.wake();
      } catch (error) {
        this.logger.error(`Results could not be recorded, trying again: ${(error as Error).message}`);
        this.settlements.unshift(...group);
        this.recording = [];
        if (this.stopping) return;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_RETRY_MS));
      }
    }
  }

  private async flush(): Promise<void> {
    while (this.settling !== undefined) await this.settling;
  }
}

/** How many more deliveries a listener may have claimed. */
function free({ listener, queue, running }: Lane): number {
  return Math.max(0, listener.options.concurrency + PREFETCH - queue.length - running.length);
}

/** The last one takes its place. */
function remove(running: Run[], { index }: Run): void {
  const last = running.pop() as Run;
  if (index === running.length) return;
  running[index] = last;
  last.index = index;
}
