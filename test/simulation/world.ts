import type { BatchResult } from '../../src/store/operations.js';
import assert from 'node:assert/strict';

import { eventKeys } from '../../src/store/keys.js';
import type { ClaimedDelivery, ReceiptDraft } from '../../src/store/records.js';
import type { SqliteEngine } from '../../src/store/sqlite/engine.js';
import { FIRST_LISTENERS, LATE_LISTENERS, type SimulatedListener } from './listeners.js';
import { Model } from './model.js';
import { checkDeliveries, checkEnd } from './promises.js';
import { START, WORKERS, type ReceiptStep, type Step, type Torn } from './steps.js';
import type { SimulatedStore } from './store.js';
import { SimulatedWorker, type Surroundings } from './worker.js';

/** Longer than any lease, backoff and delay that a listener may ask for, and than the clock was set back. */
const LONG_AFTER = 30 * 86_400_000;
/** More rounds than the deliveries of a run, one after the other, could need. */
const HEALING_ROUNDS = 400;

/** One run: the store, the workers, the clock, and the model beside them. */
export class World implements Surroundings {
  readonly model = new Model();
  now = START;
  private workers: SimulatedWorker[];

  constructor(private readonly store: SimulatedStore) {
    store.empty();
    this.register(FIRST_LISTENERS);
    this.workers = Array.from({ length: WORKERS }, () => new SimulatedWorker(this));
  }

  get engine(): SqliteEngine {
    return this.store.engine;
  }

  /** Takes a step and checks every promise; whether there was anything to do. */
  async take(step: Step): Promise<boolean> {
    if (!(await this.act(step))) return false;
    checkDeliveries(this.engine, this.model);
    return true;
  }

  /** From here on everything goes well: then everything must end. */
  heal(): void {
    this.now += LONG_AFTER;
    this.workers = this.workers.map(() => new SimulatedWorker(this));
    for (const worker of this.workers) worker.heartbeat();
    for (const id of this.model.listeners.keys()) this.setPaused(id, false);
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      this.operate('retry', {});
      this.worker(round).advance();
      for (const worker of this.workers) {
        worker.claim(Infinity);
        while (worker.finish(0, { kind: 'done' }, false));
      }
      checkDeliveries(this.engine, this.model);
      if (this.model.isAtRest) break;
      this.now += 1_000;
    }
    checkEnd(this.engine, this.model);
  }

  private async act(step: Step): Promise<boolean> {
    switch (step.do) {
      case 'append':
        this.append(step.receipts, step.offeredBy);
        return true;
      case 'claim':
        this.worker(step.worker).claim(step.limit);
        return true;
      case 'finish':
        return this.worker(step.worker).finish(step.nth, step.outcome, step.held);
      case 'heartbeat':
        this.worker(step.worker).heartbeat();
        return true;
      case 'repeat':
        return this.worker(step.worker).repeat();
      case 'advance':
        this.worker(step.worker).advance();
        return true;
      case 'stop':
        this.worker(step.worker).stop();
        this.replace(step.worker);
        return true;
      case 'crash':
        this.replace(step.worker);
        return true;
      case 'tick':
        this.now += step.ms;
        return true;
      case 'restart':
        await this.store.reopen();
        this.register([...this.model.listeners.values()].map(({ listener }) => listener));
        if (step.killed) this.workers = this.workers.map(() => new SimulatedWorker(this));
        return true;
      case 'pause':
      case 'resume':
        if (!this.model.listeners.has(step.listener + 1)) return false;
        this.setPaused(step.listener + 1, step.do === 'pause');
        if (step.do === 'pause') this.worker(step.worker).giveBack([step.listener + 1]);
        return true;
      case 'retry':
      case 'discard':
        this.operate(step.do, step.filter);
        return true;
      case 'replay':
        return this.replay(step);
      case 'register':
        this.register([LATE_LISTENERS[step.listener] as SimulatedListener]);
        return true;
      case 'tear':
        this.tear(step.what, step.worker);
        return true;
    }
  }

  private append(receipts: readonly ReceiptStep[], offeredBy: number | undefined): void {
    const worker = offeredBy === undefined ? undefined : this.worker(offeredBy);
    const offer = worker?.offer();
    const drafts = receipts.map((receipt) => toDraft(receipt, this.now));
    const results = this.engine.transaction(() => this.engine.log.append(drafts, offer));
    this.model.append(drafts, results, offer);
    worker?.accept(claimedWith(drafts, results));
  }

  private operate(command: 'retry' | 'discard', filter: Parameters<Model['retry']>[0]): void {
    let total = 0;
    let batch: BatchResult | undefined;
    do {
      const after = batch?.next;
      batch = this.engine.transaction(() => this.engine.operations[command](filter, this.now, after));
      total += batch.count;
    } while (batch.next !== undefined);
    assert.equal(total, this.model[command](filter), `${command} changes what its filter picks`);
  }

  private replay({ listener, filter }: Extract<Step, { do: 'replay' }>): boolean {
    const id = listener + 1;
    if (!this.model.listeners.has(id)) return false;
    const count = this.engine.transaction(() => {
      const dry = this.engine.operations.countReplay(id, filter, 0).count;
      this.engine.operations.startReplay(id, filter, this.now);
      return dry;
    });
    assert.equal(count, this.model.replay(id, filter), 'the dry run of a replay counts what it brings');
    return true;
  }

  private register(listeners: readonly SimulatedListener[]): void {
    const ids = this.engine.transaction(() => this.engine.register(listeners, this.now));
    for (const listener of listeners) this.model.register(ids[listener.name] as number, listener);
  }

  private setPaused(id: number, paused: boolean): void {
    this.engine.transaction(() => this.engine.operations.setPaused(id, paused));
    const listener = this.model.listeners.get(id);
    if (listener !== undefined) listener.paused = paused;
  }

  /** Does something in a transaction that ends in the middle: nothing of it may be left. */
  private tear(what: Torn, worker: number): void {
    const { engine, now } = this;
    const { owner } = this.worker(worker).offer();
    const everything = [...this.model.listeners.keys()].map((listenerId) => ({ listenerId, limit: 9 }));
    const event = { type: 'FINISHED', interaction: 'one' };
    const draft = toDraft({ channel: 'torn', operation: 'torn', events: [event] }, now);
    const works: Record<Torn, () => unknown> = {
      append: () => engine.log.append([draft], undefined),
      claim: () => engine.deliveries.claim(owner, everything, now),
      heartbeat: () => engine.deliveries.heartbeat(owner, now + LONG_AFTER, 1),
      advance: () => engine.operations.advance(now),
      retry: () => engine.operations.retry({}, now),
      discard: () => engine.operations.discard({}, now),
      retire: () => engine.deliveries.retire(owner, now, true),
    };
    const before = this.store.dump();
    assert.throws(() => {
      engine.transaction(() => {
        works[what]();
        throw new Error('torn');
      });
    }, /^Error: torn$/);
    assert.equal(this.store.dump(), before, `a torn ${what} has no effect`);
  }

  private worker(number: number): SimulatedWorker {
    return this.workers[number % this.workers.length] as SimulatedWorker;
  }

  private replace(number: number): void {
    this.workers[number % this.workers.length] = new SimulatedWorker(this);
  }
}

function toDraft({ channel, operation, events }: ReceiptStep, now: number): ReceiptDraft {
  const body = Buffer.from(JSON.stringify({ operation, events }));
  return {
    channel,
    body,
    traceId: undefined,
    secretIndex: 0,
    receivedAt: now,
    events: events.map(({ type, interaction }, position) => {
      const named = { type, channel, interactionId: interaction, operationId: operation, position };
      const details = { mediaType: undefined, interactionSubtype: undefined, selfUri: undefined };
      return { ...named, ...details, ...eventKeys(named, body) };
    }),
  };
}

const NOTHING = { seq: 0, late: false, claimedBy: [], owner: undefined };

/** The deliveries that an append claimed, as the event service hands them to the dispatcher. */
function claimedWith(
  drafts: readonly ReceiptDraft[],
  results: ReturnType<SqliteEngine['log']['append']>,
): ClaimedDelivery[] {
  return drafts.flatMap(({ events, receivedAt }, r) =>
    events.flatMap((draft, i) => {
      const { seq, late, claimedBy, owner } = results[r]?.[i] ?? NOTHING;
      const event = { ...draft, seq, late, traceId: undefined, receivedAt };
      const { interactionKey } = draft;
      return claimedBy.map((listenerId) => ({
        listenerId,
        owner: owner as number,
        attempt: 1,
        attemptsBefore: 0,
        interactionKey,
        event,
      }));
    }),
  );
}
