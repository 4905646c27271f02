import assert from 'node:assert/strict';

import type {
  AppendedReceipt,
  ClaimOffer,
  DeliveryFilter,
  EventFilter,
  ReceiptDraft,
  Settlement,
} from '../../src/store/records.js';
import type { SimulatedListener } from './listeners.js';
import { BATCH } from './store.js';

/** A stored event. */
interface ModelEvent {
  readonly seq: number;
  readonly type: string | undefined;
  readonly channel: string;
  readonly interactionId: string | undefined;
  readonly receivedAt: number;
  readonly late: boolean;
  /** What the order is kept in: its interaction, or, without one, itself. */
  readonly line: string;
}

/** One event for one listener, as it was promised. */
export interface ModelDelivery {
  readonly listenerId: number;
  readonly event: ModelEvent;
  state: 'open' | 'done' | 'dead' | 'discarded';
  /** Dead, and the line waits for an operator. */
  parked: boolean;
  claim: { readonly owner: number; readonly attempt: number } | undefined;
  attempt: number;
  attemptsBefore: number;
  /** No attempt before this time. */
  notBefore: number;
  /** Whether an operator brought it back, or in: the order of handling holds for the others. */
  again: boolean;
}

interface ModelListener {
  readonly listener: SimulatedListener;
  /** Events up to this one are not for it, unless it is from the beginning. */
  readonly since: number;
  /** Whether it has caught up with the log; until then, how far it is. */
  live: boolean;
  position: number;
  paused: boolean;
}

interface Replay {
  readonly listenerId: number;
  readonly filter: EventFilter;
  position: number;
  readonly until?: number;
}

/**
 * The promises, as plain data: which event is stored, which delivery of it must exist, and how each stands.
 * It knows nothing of how the store keeps a line in order: it is told what the store hands out, and asserts
 * that this was allowed.
 */
export class Model {
  readonly listeners = new Map<number, ModelListener>();
  readonly events: ModelEvent[] = [];
  readonly deliveries = new Map<string, ModelDelivery>();
  /** When the lease of each worker ends that the store must know. */
  readonly leases = new Map<number, number>();
  /** Failed attempts that must be on record. */
  failures = 0;

  private readonly known = new Set<string>();
  private readonly finished = new Set<string>();
  private readonly handled = new Map<string, number>();
  private replays: Replay[] = [];

  register(id: number, listener: SimulatedListener): void {
    if (this.listeners.has(id)) return;
    const since = listener.from === 'beginning' ? 0 : this.lastSeq;
    this.listeners.set(id, { listener, since, live: listener.from === 'now', position: 0, paused: false });
  }

  append(
    drafts: readonly ReceiptDraft[],
    results: readonly AppendedReceipt[],
    offer: ClaimOffer | undefined,
  ): void {
    const capacity = { ...offer?.capacity };
    for (const [r, draft] of drafts.entries()) {
      for (const [i, { type, channel, interactionId, operationId }] of draft.events.entries()) {
        const result = results[r]?.[i];
        assert(result !== undefined, 'each event of a receipt has a result');
        const whole = operationId !== undefined && interactionId !== undefined;
        const key = JSON.stringify(
          whole ? [channel, operationId, interactionId, type ?? 0] : [channel, draft.body.toString(), i],
        );
        if (this.known.has(key)) {
          assert.equal(result.seq, 0, `a duplicate has no effect: ${key}`);
          continue;
        }
        this.known.add(key);
        assert(result.seq > this.lastSeq, `a new event goes to the end of the log: ${key}`);
        const line = interactionId === undefined ? `event ${result.seq}` : `${channel}/${interactionId}`;
        const late = type === 'STARTED' && this.finished.has(line);
        assert.equal(result.late, late, `late exactly when STARTED follows FINISHED: event ${result.seq}`);
        if (type === 'FINISHED' && interactionId !== undefined) this.finished.add(line);
        const { receivedAt } = draft;
        const event = { seq: result.seq, type, channel, interactionId, receivedAt, late, line };
        this.events.push(event);
        for (const [id, { live }] of this.listeners) if (live && this.wants(id, event)) this.open(id, event);
        for (const id of result.claimedBy) {
          assert(offer !== undefined && (capacity[id] ?? 0) > 0, 'no more is claimed than was offered');
          capacity[id] = (capacity[id] ?? 0) - 1;
          this.claim(id, event.seq, { owner: offer.owner, attempt: 1 }, receivedAt);
        }
      }
    }
  }

  /** The store made a delivery a worker's: was it allowed to? */
  claim(listenerId: number, seq: number, claim: { owner: number; attempt: number }, now: number): void {
    const delivery = this.delivery(listenerId, seq);
    const name = `event ${seq} for listener ${listenerId}`;
    assert.equal(delivery.state, 'open', `${name} starts again though it is over`);
    assert.equal(delivery.claim, undefined, `${name} is claimed twice`);
    assert.equal(
      this.listeners.get(listenerId)?.paused,
      false,
      `${name} starts though its listener is paused`,
    );
    assert(this.leases.has(claim.owner), `${name} is claimed by a worker whose lease has ended`);
    assert(now >= delivery.notBefore, `${name} starts before it is due`);
    for (const other of this.line(delivery)) {
      assert.equal(other.claim, undefined, `${name} starts while event ${other.event.seq} of its line runs`);
      const holds = other.event.seq < seq && (other.state === 'open' || other.parked);
      assert(!holds, `${name} overtakes event ${other.event.seq}, which is ${other.state}`);
    }
    assert.equal(claim.attempt, delivery.attempt + 1, `${name} counts its attempts`);
    delivery.attempt = claim.attempt;
    delivery.claim = claim;
    delivery.notBefore = -Infinity;
  }

  /** @returns whether the settlement must be void. */
  settle({ listenerId, seq, owner, attempt, result }: Settlement): boolean {
    const delivery = this.delivery(listenerId, seq);
    if (delivery.claim?.owner !== owner || delivery.claim.attempt !== attempt) return true;
    delivery.claim = undefined;
    delivery.state = result.state === 'pending' ? 'open' : result.state;
    if (result.state === 'done') this.inOrder(delivery);
    else this.failures++;
    if (result.state === 'dead') delivery.parked = result.park;
    const attempts = this.listeners.get(listenerId)?.listener.options.attempts ?? 0;
    const left = result.state !== 'pending' || attempt - delivery.attemptsBefore < attempts;
    assert(left, `event ${seq} for listener ${listenerId} is dead after ${attempts} attempts`);
    // An earlier one that an operator brought back goes first; after it, this one is due.
    const overtaken = this.line(delivery).some((other) => other.state === 'open' && other.event.seq < seq);
    if (result.state === 'pending' && !overtaken) delivery.notBefore = result.dueAt;
    return false;
  }

  /** What a worker has claimed and not begun is open again, as if it had never been claimed. */
  release(owner: number, claims: readonly { listenerId: number; seq: number }[]): void {
    for (const { listenerId, seq } of claims) {
      const delivery = this.delivery(listenerId, seq);
      if (delivery.claim?.owner !== owner) continue;
      delivery.claim = undefined;
      delivery.attempt--;
    }
  }

  /** What a worker still holds is open again; an attempt counts where it may have begun. */
  retire(owner: number, begun: boolean): void {
    this.leases.delete(owner);
    for (const delivery of this.deliveries.values()) {
      if (delivery.claim?.owner !== owner) continue;
      delivery.claim = undefined;
      if (!begun) delivery.attempt--;
    }
  }

  /** @returns whether the lease can be renewed; ends the leases of others that are over. */
  heartbeat(owner: number, now: number, leaseMs: number): boolean {
    const renewed = this.leases.has(owner);
    if (renewed) this.leases.set(owner, now + leaseMs);
    for (const [id, until] of [...this.leases]) if (until <= now) this.retire(id, true);
    return renewed;
  }

  /** @returns how many deliveries an operator's command must change. */
  retry(filter: DeliveryFilter): number {
    const picked = this.pick(filter).filter(({ state }) => state === 'dead');
    for (const delivery of picked) this.reopen(delivery);
    return picked.length;
  }

  discard(filter: DeliveryFilter): number {
    const picked = this.pick(filter).filter(
      ({ state, claim }) => state === 'dead' || (state === 'open' && claim === undefined),
    );
    for (const delivery of picked) {
      delivery.state = 'discarded';
      delivery.parked = false;
    }
    return picked.length;
  }

  /** @returns how many events the dry run must count. */
  replay(listenerId: number, filter: EventFilter): number {
    this.replays.push({ listenerId, filter, position: 0, until: this.lastSeq });
    return this.events.filter((event) => this.wants(listenerId, event) && picks(filter, event)).length;
  }

  /** Carries out one batch of whatever waits. */
  advance(): void {
    for (const [id, listener] of this.listeners) {
      if (listener.live) continue;
      const { events, over } = this.batchOf({ listenerId: id, filter: {}, position: listener.position });
      for (const event of events) this.open(id, event);
      listener.position = events.at(-1)?.seq ?? listener.position;
      listener.live = over;
    }
    this.replays = this.replays.filter((replay) => {
      if (this.listeners.get(replay.listenerId)?.live !== true) return true;
      const { events, over } = this.batchOf(replay);
      for (const event of events) {
        const delivery = this.deliveries.get(`${replay.listenerId}:${event.seq}`);
        if (delivery === undefined) this.reopen(this.open(replay.listenerId, event));
        else if (delivery.state !== 'open') this.reopen(delivery);
      }
      replay.position = events.at(-1)?.seq ?? replay.position;
      return !over;
    });
  }

  /** Whether everything there is to be done was done. */
  get isAtRest(): boolean {
    return (
      this.replays.length === 0 &&
      [...this.listeners.values()].every(({ live }) => live) &&
      [...this.deliveries.values()].every(({ state }) => state === 'done' || state === 'discarded')
    );
  }

  /** Whether a listener must be given an event at all, by its filter. */
  wants(listenerId: number, event: ModelEvent): boolean {
    const { event: types, channel } = this.listeners.get(listenerId)?.listener.filter ?? {};
    return (
      (types === undefined || (event.type !== undefined && [types].flat().includes(event.type))) &&
      (channel === undefined || channel === event.channel)
    );
  }

  since(listenerId: number): number {
    return this.listeners.get(listenerId)?.since ?? 0;
  }

  private get lastSeq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  private batchOf({ listenerId, filter, position, until = Infinity }: Replay) {
    const left = this.events.filter((event) => event.seq > position && event.seq <= until);
    const wanted = left.filter((event) => this.wants(listenerId, event) && picks(filter, event));
    return { events: wanted.slice(0, BATCH), over: wanted.length < BATCH };
  }

  private delivery(listenerId: number, seq: number): ModelDelivery {
    const delivery = this.deliveries.get(`${listenerId}:${seq}`);
    assert(delivery !== undefined, `event ${seq} was handed to listener ${listenerId}, which it is not for`);
    return delivery;
  }

  /** The other deliveries of the same listener and interaction. */
  private line(delivery: ModelDelivery): ModelDelivery[] {
    return [...this.deliveries.values()].filter(
      (other) =>
        other !== delivery &&
        other.listenerId === delivery.listenerId &&
        other.event.line === delivery.event.line,
    );
  }

  private open(listenerId: number, event: ModelEvent): ModelDelivery {
    const delivery: ModelDelivery = {
      listenerId,
      event,
      state: 'open',
      parked: false,
      claim: undefined,
      attempt: 0,
      attemptsBefore: 0,
      notBefore: -Infinity,
      again: false,
    };
    assert(
      !this.deliveries.has(`${listenerId}:${event.seq}`),
      `event ${event.seq} has one delivery a listener`,
    );
    this.deliveries.set(`${listenerId}:${event.seq}`, delivery);
    return delivery;
  }

  private reopen(delivery: ModelDelivery): void {
    Object.assign(delivery, { state: 'open', parked: false, again: true, notBefore: -Infinity });
    delivery.attemptsBefore = delivery.attempt;
    for (const other of this.line(delivery)) other.notBefore = -Infinity;
  }

  private inOrder({ listenerId, event, again }: ModelDelivery): void {
    if (again) return;
    const line = `${listenerId} ${event.line}`;
    const last = this.handled.get(line) ?? 0;
    assert(event.seq > last, `listener ${listenerId} handled event ${event.seq} after ${last}`);
    this.handled.set(line, event.seq);
  }

  private pick(filter: DeliveryFilter): ModelDelivery[] {
    return [...this.deliveries.values()].filter(
      ({ listenerId, event }) =>
        (filter.listenerId === undefined || filter.listenerId === listenerId) &&
        (filter.seqs === undefined || filter.seqs.includes(event.seq)) &&
        picks(filter, event),
    );
  }
}

function picks(filter: EventFilter, event: ModelEvent): boolean {
  return (
    (filter.event === undefined || filter.event === event.type) &&
    (filter.channel === undefined || filter.channel === event.channel) &&
    (filter.interactionId === undefined || filter.interactionId === event.interactionId) &&
    (filter.from === undefined || event.receivedAt >= filter.from) &&
    (filter.to === undefined || event.receivedAt < filter.to)
  );
}
