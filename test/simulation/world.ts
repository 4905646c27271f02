import type { BatchResult } from '../../src/store/operations.js';
import assert from 'node:assert/strict';

import { eventKeys } from '../../src/store/keys.js';
import type { AppendedReceipt, ClaimedDelivery, ReceiptDraft } from '../../src/store/records.js';
import { FIRST_LISTENERS, LATE_LISTENERS, type SimulatedListener } from './listeners.js';
import { Model } from './model.js';
import { checkDeliveries, checkEnd } from './promises.js';
import { START, WORKERS, type ReceiptStep, type Step, type Torn } from './steps.js';
import type { Operated, SimulatedStore } from './store.js';
import { SimulatedWorker, type Surroundings } from './worker.js';

/** Longer than any lease, backoff and delay that a listener may ask for, and than the clock was set back. */
const LONG_AFTER = 30 * 86_400_000;
/** More rounds than the deliveries of a run, one after the other, could need. */
const HEALING_ROUNDS = 400;

/** One run: the store, the workers, the clock, and the model beside them. */
export class World implements Surroundings {
  readonly model = new Model();
  now = START;
  private workers: SimulatedWorker[] = [];

  private constructor(readonly store: SimulatedStore) {}

  static async begin(store: SimulatedStore): Promise<World> {
    await store.empty();
    const world = new World(store);
    await world.register(FIRST_LISTENERS);
    await world.startWorkers();
    return world;
  }

  /** Takes a step and checks every promise; whether there was anything to do. */
  async take(step: Step): Promise<boolean> {
    if (!(await this.act(step))) return false;
    await checkDeliveries(this.store, this.model);
    return true;
  }

  /** From here on everything goes well: then everything must end. */
  async heal(): Promise<void> {
    this.now += LONG_AFTER;
    await this.startWorkers();
    for (const worker of this.workers) await worker.heartbeat();
    for (const id of this.model.listeners.keys()) await this.setPaused(id, false);
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      await this.operate('retry', {});
      await this.worker(round).advance();
      for (const worker of this.workers) {
        await worker.claim(Infinity);
        while (await worker.finish(0, { kind: 'done' }, false));
      }
      await checkDeliveries(this.store, this.model);
      if (this.model.isAtRest) break;
      this.now += 1_000;
    }
    await checkEnd(this.store, this.model);
  }

  private async act(step: Step): Promise<boolean> {
    switch (step.do) {
      case 'append':
        await this.append(step.receipts, step.offeredBy);
        return true;
      case 'claim':
        await this.worker(step.worker).claim(step.limit);
        return true;
      case 'finish':
        return this.worker(step.worker).finish(step.nth, step.outcome, step.held);
      case 'heartbeat':
        await this.worker(step.worker).heartbeat();
        return true;
      case 'repeat':
        return this.worker(step.worker).repeat();
      case 'advance':
        await this.worker(step.worker).advance();
        return true;
      case 'stop':
        await this.worker(step.worker).stop();
        await this.replace(step.worker);
        return true;
      case 'crash':
        await this.replace(step.worker);
        return true;
      case 'tick':
        this.now += step.ms;
        return true;
      case 'restart':
        await this.store.reopen();
        await this.register([...this.model.listeners.values()].map(({ listener }) => listener));
        if (step.killed) await this.startWorkers();
        return true;
      case 'pause':
      case 'resume':
        if (!this.model.listeners.has(step.listener + 1)) return false;
        await this.setPaused(step.listener + 1, step.do === 'pause');
        if (step.do === 'pause') await this.worker(step.worker).giveBack([step.listener + 1]);
        return true;
      case 'retry':
      case 'discard':
        await this.operate(step.do, step.filter);
        return true;
      case 'replay':
        return this.replay(step);
      case 'register':
        await this.register([LATE_LISTENERS[step.listener] as SimulatedListener]);
        return true;
      case 'tear':
        await this.tear(step.what, step.worker);
        return true;
    }
  }

  private async append(receipts: readonly ReceiptStep[], offeredBy: number | undefined): Promise<void> {
    const worker = offeredBy === undefined ? undefined : this.worker(offeredBy);
    const offer = worker?.offer();
    const drafts = receipts.map((receipt) => toDraft(receipt, this.now));
    const results = await this.store.append(drafts, offer);
    this.model.append(drafts, results, offer);
    await worker?.accept(claimedWith(drafts, results));
  }

  private async operate(command: 'retry' | 'discard', filter: Parameters<Model['retry']>[0]): Promise<void> {
    let total = 0;
    let batch: BatchResult | undefined;
    do {
      const after = batch?.next;
      batch = await this.store.call(command, { filter, now: this.now, after });
      total += batch.count;
    } while (batch.next !== undefined);
    assert.equal(total, this.model[command](filter), `${command} changes what its filter picks`);
  }

  private async replay({ listener, filter }: Extract<Step, { do: 'replay' }>): Promise<boolean> {
    const id = listener + 1;
    if (!this.model.listeners.has(id)) return false;
    const { count } = await this.store.call('countReplay', { listenerId: id, filter, after: 0 });
    await this.store.call('startReplay', { listenerId: id, filter, now: this.now });
    assert.equal(count, this.model.replay(id, filter), 'the dry run of a replay counts what it brings');
    return true;
  }

  private async register(listeners: readonly SimulatedListener[]): Promise<void> {
    const ids = await this.store.call('register', { listeners, now: this.now });
    for (const listener of listeners) this.model.register(ids[listener.name] as number, listener);
  }

  private async setPaused(id: number, paused: boolean): Promise<void> {
    await this.store.call('setPaused', { listenerId: id, paused });
    const listener = this.model.listeners.get(id);
    if (listener !== undefined) listener.paused = paused;
  }

  /** Does something in a transaction that ends in the middle: nothing of it may be left. */
  private async tear(what: Torn, worker: number): Promise<void> {
    const { now } = this;
    const { owner } = this.worker(worker).offer();
    const everything = [...this.model.listeners.keys()].map((listenerId) => ({ listenerId, limit: 9 }));
    const event = { type: 'FINISHED', interaction: 'one' };
    const draft = toDraft({ channel: 'torn', operation: 'torn', events: [event] }, now);
    const works: Record<Torn, (store: Operated) => Promise<unknown>> = {
      append: (store) => store.append([draft], undefined),
      claim: (store) => store.call('claim', { owner, wanted: everything, now }),
      heartbeat: (store) => store.call('heartbeat', { owner, now: now + LONG_AFTER, leaseMs: 1 }),
      advance: (store) => store.call('advance', { now }),
      retry: (store) => store.call('retry', { filter: {}, now }),
      discard: (store) => store.call('discard', { filter: {}, now }),
      retire: (store) => store.call('retire', { owner, now, begun: true }),
    };
    const before = await this.store.dump();
    await this.store.tear(works[what]);
    assert.equal(await this.store.dump(), before, `a torn ${what} has no effect`);
  }

  private worker(number: number): SimulatedWorker {
    return this.workers[number % this.workers.length] as SimulatedWorker;
  }

  private async startWorkers(): Promise<void> {
    this.workers = [];
    for (let i = 0; i < WORKERS; i++) this.workers.push(await SimulatedWorker.start(this));
  }

  private async replace(number: number): Promise<void> {
    this.workers[number % this.workers.length] = await SimulatedWorker.start(this);
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
  results: readonly AppendedReceipt[],
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
