import { setTimeout as delay } from 'node:timers/promises';

import { OverloadedError, StoreUnavailableError } from '../errors.js';
import { Pending, weightOf } from '../pending.js';
import type { AppendedReceipt, ClaimOffer, ReceiptDraft } from '../records.js';
import type { Commit } from '../store.js';
import { APPEND_STATEMENT, appendedReceipts, appendValues, type AppendedRow } from './append-statement.js';
import type { Connections } from './connections.js';
import { isOfData, isPassing, mayBeDone, reasonOf } from './failures.js';

/** Receipts of one commit at the most: each interaction of them is a lock, and memory for locks is shared. */
const GROUP_LIMIT = 128;
/** Bytes of memory that the receipts of one commit hold at the most. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** Groups that are under way at once: while one waits for the disk, the next is sent. */
const FLIGHTS = 4;
/** Milliseconds from the start of one group to the start of the next, at least: see the store in SQLite. */
const INTERVAL_MS = 2;
/** An append that is not confirmed by then is refused: whoever sent it gets an answer, and may send it again. */
const DEADLINE_MS = 2_500;
/** What each event of a group adds to that: a payload can have thousands. */
const DEADLINE_PER_EVENT_MS = 0.2;
/** What each MiB of bodies adds: BODY_LIMIT may allow tens of them. */
const DEADLINE_PER_MIB_MS = 100;
/** Between two attempts to reach a database that is not there. */
const RETRY_MS = 100;

interface Waiting {
  readonly draft: ReceiptDraft;
  readonly deadline: number;
  readonly resolve: (result: AppendedReceipt) => void;
  readonly reject: (error: Error) => void;
}

const LATE = new StoreUnavailableError('it does not answer in time');

/** Where deliveries are claimed for, and whom to tell when nobody knows what was claimed. */
export interface Claimant {
  readonly offer: () => ClaimOffer | undefined;
  readonly onLost: () => void;
}

/**
 * Appends in groups: what waits is one statement, and several are under way at once.
 *
 * When a connection is lost, nobody knows whether its group was committed. So the group is sent once more, on
 * another one: the locks of its interactions wait for the first to be over, and what that has stored is a
 * duplicate then. Nothing is acknowledged that was not confirmed.
 */
export class Appender {
  claimant: Claimant = { offer: () => undefined, onLost: () => undefined };
  /** Told of every group: for metrics. */
  committed: (commit: Commit) => void = () => undefined;
  private readonly pending: Pending;
  private waiting: Waiting[] = [];
  private readonly flights = new Set<Promise<void>>();
  private scheduled = false;
  private lastStart = 0;
  private deadlineTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connections: Connections,
    /** Called when deliveries were stored that this process has not claimed. */
    private readonly onWaiting: () => void,
    maxPending: number,
  ) {
    this.pending = new Pending(maxPending);
  }

  get count(): number {
    return this.pending.count;
  }

  append(draft: ReceiptDraft): Promise<AppendedReceipt> {
    return this.admit(weightOf(draft), () => {
      return new Promise((resolve, reject) => {
        const deadline = performance.now() + DEADLINE_MS;
        this.waiting.push({ draft, deadline, resolve, reject });
        this.watch();
        this.schedule();
      });
    });
  }

  /** Lets something wait for the disk among the appends, if there is room, and for no longer than they do. */
  async admitInTime(weight: number, work: () => Promise<void>): Promise<void> {
    const limit = new AbortController();
    const late = delay(DEADLINE_MS, undefined, { signal: limit.signal }).then(() => {
      throw LATE;
    });
    late.catch(() => undefined);
    try {
      await this.admit(weight, () => Promise.race([work(), late]));
    } finally {
      limit.abort();
    }
  }

  /** Lets something wait for the disk among the appends, if there is room. */
  private async admit<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (!this.pending.enter(weight)) throw new OverloadedError();
    try {
      return await work();
    } finally {
      this.pending.leave(weight);
    }
  }

  /** Waits for what is under way; nothing may be appended any more. */
  async drain(): Promise<void> {
    while (this.waiting.length > 0 || this.flights.size > 0) {
      await Promise.all(this.flights);
      await new Promise((resolve) => setImmediate(resolve));
    }
    clearTimeout(this.deadlineTimer);
  }

  /** Waits for the end of this turn of the event loop: what other sockets brought in it joins the group. */
  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0 || this.flights.size >= FLIGHTS) return;
    this.scheduled = true;
    const start = (): void => {
      this.scheduled = false;
      if (this.waiting.length === 0) return;
      this.lastStart = performance.now();
      const flight = this.fly(this.takeGroup(), this.claimant.offer()).finally(() => {
        this.flights.delete(flight);
        this.schedule();
      });
      this.flights.add(flight);
      this.schedule();
    };
    const rest = this.lastStart + INTERVAL_MS - performance.now();
    if (rest <= 0) setImmediate(start);
    else setTimeout(start, rest);
  }

  private takeGroup(): Waiting[] {
    let size = 0;
    let weight = 0;
    for (const { draft } of this.waiting.slice(0, GROUP_LIMIT)) {
      weight += weightOf(draft);
      if (size > 0 && weight > GROUP_BYTES) break;
      size++;
    }
    return this.waiting.splice(0, size);
  }

  /** Appends a group, whatever it takes until its deadline. Never rejects: each of the group is told. */
  private async fly(group: readonly Waiting[], offer: ClaimOffer | undefined): Promise<void> {
    const start = performance.now();
    const report = (failed: boolean): void =>
      this.committed({ receipts: group.length, milliseconds: performance.now() - start, failed });
    const drafts = group.map(({ draft }) => draft);
    const events = drafts.reduce((sum, draft) => sum + draft.events.length, 0);
    const mebibytes = drafts.reduce((sum, { body }) => sum + body.length, 0) / 2 ** 20;
    const deadline =
      (group[0]?.deadline ?? 0) + events * DEADLINE_PER_EVENT_MS + mebibytes * DEADLINE_PER_MIB_MS;
    const told = { refused: false };
    const refuse = (refusal: Error): void => {
      told.refused = true;
      clearTimeout(late);
      for (const { reject } of group) reject(refusal);
    };
    // Whatever it waits for by then: a connection takes its time, too, where the server stands still.
    const late = setTimeout(() => refuse(LATE), deadline - start);
    let claims = offer;
    for (;;) {
      try {
        const appended = await this.send(drafts, claims, deadline);
        // Refused meanwhile: nobody runs what was claimed.
        if (claims !== undefined && told.refused) this.claimant.onLost();
        clearTimeout(late);
        report(false);
        for (const [i, { resolve }] of group.entries()) resolve(appended[i] as AppendedReceipt);
        if (appended.some((events) => events.some(({ waiting }) => waiting))) this.onWaiting();
        return;
      } catch (error) {
        if (claims !== undefined && mayBeDone(error)) {
          // It may have claimed deliveries that nobody here knows of: no second time.
          claims = undefined;
          this.claimant.onLost();
        }
        if (isOfData(error) && group.length > 1) {
          clearTimeout(late);
          return this.flyApart(group);
        }
        const inTime = performance.now() < deadline;
        if (inTime && isPassing(error)) continue;
        if (inTime && (mayBeDone(error) || error instanceof StoreUnavailableError)) {
          await delay(RETRY_MS);
          continue;
        }
        report(true);
        refuse(inTime ? new StoreUnavailableError(reasonOf(error), { cause: error }) : LATE);
        return;
      }
    }
  }

  /** One receipt that the database refuses must not fail the others of its group. */
  private async flyApart(group: readonly Waiting[]): Promise<void> {
    const half = Math.ceil(group.length / 2);
    for (const part of [group.slice(0, half), group.slice(half)]) {
      await this.fly(part, this.claimant.offer());
    }
  }

  private send(
    drafts: readonly ReceiptDraft[],
    offer: ClaimOffer | undefined,
    deadline: number,
  ): Promise<AppendedReceipt[]> {
    return this.connections.use(async (connection) => {
      if (performance.now() >= deadline) throw LATE;
      const late = setTimeout(() => connection.cut(), Math.max(0, deadline - performance.now()));
      try {
        const values = appendValues(drafts, offer);
        type Row = { readonly appended: readonly AppendedRow[] | null };
        const [row] = await connection.run<Row>(APPEND_STATEMENT, values, 'append');
        return appendedReceipts(drafts, row?.appended ?? [], offer);
      } finally {
        clearTimeout(late);
      }
    });
  }

  /** Refuses what has waited for too long for a flight: those under way may all stand still. */
  private watch(): void {
    const [oldest] = this.waiting;
    if (oldest === undefined) return;
    this.deadlineTimer ??= setTimeout(
      () => {
        this.deadlineTimer = undefined;
        const now = performance.now();
        while ((this.waiting[0]?.deadline ?? Infinity) <= now) {
          this.waiting.shift()?.reject(LATE);
        }
        this.watch();
      },
      Math.max(1, oldest.deadline - performance.now()),
    );
  }
}
