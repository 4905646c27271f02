import type Database from 'better-sqlite3';
import { sql, type Kysely } from 'kysely';

import type { Claimed, ClaimRef, Settled, Wanted } from '../operations.js';
import { prepare } from '../prepared.js';
import type { ClaimedDelivery, Settlement, StoredEvent } from '../records.js';
import type { DeliveryState, Schema } from '../schema.js';

/** Written out: a bound LIMIT makes SQLite prepare the statement anew at every run (docs/decisions/0007). */
const ONE = sql.lit(1);

interface SettleRow {
  seq: number;
  listenerId: number;
  owner: number;
  attempt: number;
  state: DeliveryState;
  holds: number;
  dueAt: number | null;
  startedAt: number;
  duration: number;
  error: string | null;
}

/**
 * The state machine of deliveries. Runs inside the caller's transaction.
 *
 * Order per (listener, interaction) is a line: the open delivery with the smallest `seq` is at its head,
 * and all others of the line are `blocked`. Whatever ends the head lets the next one step up.
 */
export class SqliteDeliveries {
  private readonly selectDue;
  private readonly selectNextDue;
  private readonly take;
  private readonly update;
  private readonly insertAttempt;
  private readonly selectHead;
  private readonly selectActive;
  private readonly unblock;
  /** Sends a delivery that was due back into its line. */
  readonly block;
  private readonly selectWorker;
  private readonly insertWorker;
  private readonly renewLease;
  private readonly selectExpired;
  private readonly freeRunning;
  private readonly deleteWorker;
  private readonly giveBack;

  constructor(sqlite: Database.Database, db: Kysely<Schema>) {
    this.selectDue = prepare<{ listenerId: number; now: number; limit: number }, DueRow>(sqlite, (p) =>
      db
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .innerJoin('events as e', 'e.seq', 'd.seq')
        .innerJoin('receipts as r', 'r.id', 'e.receipt_id')
        .select(['d.seq', 'd.attempt', 'd.attempts_before', 'd.interaction_key'])
        .select(['r.trace_id', 'e.type', 'e.interaction_id'])
        .select(['e.media_type', 'e.interaction_subtype', 'e.self_uri', 'e.operation_id', 'e.channel'])
        .select(['e.late', 'e.received_at'])
        .where('d.listener_id', '=', p.listenerId)
        .where('d.due_at', '<=', p.now)
        .where('l.paused', '=', 0)
        .orderBy('d.due_at')
        .orderBy('d.seq')
        .limit(p.limit),
    );
    this.selectNextDue = prepare<{ listenerId: number }, { due_at: number }>(sqlite, (p) =>
      db
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .select((q) => q.ref('d.due_at').$notNull().as('due_at'))
        .where('d.listener_id', '=', p.listenerId)
        .where('d.due_at', 'is not', null)
        .where('l.paused', '=', 0)
        .orderBy('d.due_at')
        .limit(ONE),
    );
    this.take = prepare<{ seq: number; listenerId: number; owner: number }>(sqlite, (p) =>
      db
        .updateTable('deliveries')
        .set({ state: 'running', due_at: null, owner: p.owner, attempt: sql`attempt + 1` })
        .where('seq', '=', p.seq)
        .where('listener_id', '=', p.listenerId),
    );
    this.update = prepare<SettleRow>(sqlite, (p) =>
      db
        .updateTable('deliveries')
        .set({
          state: p.state,
          holds: p.holds,
          due_at: p.dueAt,
          owner: null,
          started_at: p.startedAt,
          duration: p.duration,
          last_error: p.error,
        })
        .where('seq', '=', p.seq)
        .where('listener_id', '=', p.listenerId)
        .where('owner', '=', p.owner)
        .where('attempt', '=', p.attempt),
    );
    this.insertAttempt = prepare<Omit<SettleRow, 'owner' | 'state' | 'holds' | 'dueAt'> & { outcome: never }>(
      sqlite,
      (p) =>
        db.insertInto('attempts').values({
          seq: p.seq,
          listener_id: p.listenerId,
          attempt: p.attempt,
          outcome: p.outcome,
          error: p.error as string,
          started_at: p.startedAt,
          duration: p.duration,
        }),
    );
    this.selectHead = prepare<
      { listenerId: number; interactionKey: string },
      { seq: number; state: DeliveryState }
    >(sqlite, (p) =>
      db
        .selectFrom('deliveries')
        .select(['seq', 'state'])
        // The casts change nothing but that SQLite does not prepare it anew at every run (docs/decisions/0007).
        .where('interaction_key', '=', sql<string>`cast(${p.interactionKey} as text)`)
        .where('listener_id', '=', sql<number>`cast(${p.listenerId} as integer)`)
        .where('holds', '=', sql.lit(1))
        .orderBy('seq')
        .limit(ONE),
    );
    this.selectActive = prepare<
      { listenerId: number; interactionKey: string },
      { seq: number; state: DeliveryState }
    >(sqlite, (p) =>
      db
        .selectFrom('deliveries')
        .select(['seq', 'state'])
        .where('interaction_key', '=', p.interactionKey)
        .where('listener_id', '=', p.listenerId)
        .where('holds', '=', sql.lit(1))
        .where('state', 'in', ['pending', 'running'])
        .limit(ONE),
    );
    this.unblock = prepare<{ listenerId: number; seq: number; now: number }>(sqlite, (p) =>
      db
        .updateTable('deliveries')
        .set({ state: 'pending', due_at: p.now })
        .where('seq', '=', p.seq)
        .where('listener_id', '=', p.listenerId),
    );
    this.block = prepare<{ listenerId: number; seq: number }>(sqlite, (p) =>
      db
        .updateTable('deliveries')
        .set({ state: 'blocked', due_at: null })
        .where('seq', '=', p.seq)
        .where('listener_id', '=', p.listenerId),
    );
    this.selectWorker = prepare<{ owner: number }, unknown>(sqlite, (p) =>
      db.selectFrom('workers').select('id').where('id', '=', p.owner),
    );
    this.insertWorker = prepare<{ pid: number; now: number; until: number }>(sqlite, (p) =>
      db.insertInto('workers').values({ pid: p.pid, started_at: p.now, lease_until: p.until }),
    );
    this.renewLease = prepare<{ owner: number; until: number }>(sqlite, (p) =>
      db.updateTable('workers').set({ lease_until: p.until }).where('id', '=', p.owner),
    );
    this.selectExpired = prepare<{ now: number }, { id: number }>(sqlite, (p) =>
      db.selectFrom('workers').select('id').where('lease_until', '<=', p.now),
    );
    this.freeRunning = prepare<{ owner: number; now: number; begun: number }, LineRow>(sqlite, (p) =>
      db
        .updateTable('deliveries')
        .set({ state: 'pending', owner: null, attempt: sql`attempt - 1 + ${p.begun}` })
        .set({ due_at: sql`${p.now} + ${p.begun} * ${apart(p.owner)}` })
        .where('holds', '=', sql.lit(1))
        .where('owner', '=', p.owner)
        .returning(['listener_id', 'interaction_key']),
    );
    this.deleteWorker = prepare<{ owner: number }>(sqlite, (p) =>
      db.deleteFrom('workers').where('id', '=', p.owner),
    );
    this.giveBack = prepare<{ owner: number; seq: number; listenerId: number; now: number }, LineRow>(
      sqlite,
      (p) =>
        db
          .updateTable('deliveries')
          .set({ state: 'pending', due_at: p.now, owner: null, attempt: sql`attempt - 1` })
          .where('seq', '=', p.seq)
          .where('listener_id', '=', p.listenerId)
          .where('owner', '=', p.owner)
          .returning(['listener_id', 'interaction_key']),
    );
  }

  /**
   * Makes due deliveries the owner's. Paused listeners have none; nor has a worker that was retired while it
   * stood still, for what it claimed nobody would free.
   */
  claim(owner: number, wanted: readonly Wanted[], now: number): Claimed {
    if (this.selectWorker.get({ owner }) === undefined) return { deliveries: [], nextDue: {} };
    const deliveries: ClaimedDelivery[] = [];
    const nextDue: Record<number, number> = {};
    for (const { listenerId, limit } of wanted) {
      for (const row of this.selectDue.all({ listenerId, now, limit })) {
        this.take.run({ seq: row.seq, listenerId, owner });
        deliveries.push({
          listenerId,
          owner,
          attempt: row.attempt + 1,
          attemptsBefore: row.attempts_before,
          interactionKey: row.interaction_key,
          event: toStoredEvent(row),
        });
      }
      const next = this.selectNextDue.get({ listenerId });
      if (next !== undefined) nextDue[listenerId] = next.due_at;
    }
    return { deliveries, nextDue };
  }

  /**
   * Records results of attempts. One whose claim is no longer its worker's is void: its lease ended and
   * the delivery may already run elsewhere.
   *
   * @returns how many were void, and how many deliveries that waited in line are due now.
   */
  settle(settlements: readonly Settlement[], now: number): Settled {
    let voided = 0;
    let steppedUp = 0;
    for (const { result, interactionKey, ...rest } of settlements) {
      const over = result.state !== 'pending';
      const holds = !over || (result.state === 'dead' && result.park) ? 1 : 0;
      const error = result.state === 'done' ? null : result.error;
      const dueAt = result.state === 'pending' ? result.dueAt : null;
      const { changes } = this.update.run({ ...rest, state: result.state, holds, dueAt, error });
      if (changes === 0) {
        voided++;
        continue;
      }
      if (result.state !== 'done') {
        this.insertAttempt.run({ ...rest, error, outcome: result.outcome as never });
      }
      if (this.stepUp(rest.listenerId, interactionKey, now)) steppedUp++;
    }
    return { voided, steppedUp };
  }

  /**
   * Makes the head of a line due, if it waits and nothing of the line runs. The head may be one that was
   * brought back while a later one ran: that one, where it is not over, waits behind it.
   */
  stepUp(listenerId: number, interactionKey: string, now: number): boolean {
    const head = this.selectHead.get({ interactionKey, listenerId });
    if (head?.state !== 'blocked') return false;
    const active = this.selectActive.get({ interactionKey, listenerId });
    if (active?.state === 'running') return false;
    if (active !== undefined) this.block.run({ seq: active.seq, listenerId });
    this.unblock.run({ seq: head.seq, listenerId, now });
    return true;
  }

  /** Enters a worker; its id is never used again. */
  enroll(pid: number, now: number, leaseMs: number): number {
    return this.insertWorker.run({ pid, now, until: now + leaseMs }).lastInsertRowid;
  }

  /**
   * Renews a worker's lease and frees what the workers held whose lease ended.
   *
   * @returns whether the lease had not ended before; if false, the worker must {@link enroll} again.
   */
  heartbeat(owner: number, now: number, leaseMs: number): boolean {
    const renewed = this.renewLease.run({ owner, until: now + leaseMs }).changes === 1;
    for (const { id } of this.selectExpired.all({ now })) this.retire(id, now, true);
    return renewed;
  }

  /**
   * Frees whatever a worker still holds, and removes it.
   *
   * @param begun whether the attempts it holds may have begun. If not, they do not count.
   */
  retire(owner: number, now: number, begun: boolean): void {
    this.freeLines(this.freeRunning.all({ owner, now, begun: begun ? 1 : 0 }), now);
    this.deleteWorker.run({ owner });
  }

  /** Returns deliveries whose attempt never began. */
  release(owner: number, claims: readonly ClaimRef[], now: number): void {
    for (const claim of claims) this.freeLines(this.giveBack.all({ ...claim, owner, now }), now);
  }

  private freeLines(lines: readonly LineRow[], now: number): void {
    for (const { listener_id: listenerId, interaction_key: key } of lines) this.stepUp(listenerId, key, now);
  }
}

/**
 * Milliseconds after which a delivery is due whose process died: up to 2 s, doubled with each attempt up to
 * 32 s, by a hash of its `seq`. One of them may be what ended the process: together again they would all
 * run out of attempts with it.
 */
function apart(owner: number) {
  return sql<number>`(seq * (${owner} + 7919) % 32749 % (1000 << min(attempt - attempts_before, 5)))`;
}

interface LineRow {
  listener_id: number;
  interaction_key: string;
}

interface DueRow {
  seq: number;
  attempt: number;
  attempts_before: number;
  interaction_key: string;
  trace_id: string | null;
  type: string | null;
  interaction_id: string | null;
  media_type: string | null;
  interaction_subtype: string | null;
  self_uri: string | null;
  operation_id: string | null;
  channel: string;
  late: number;
  received_at: number;
}

function toStoredEvent(row: DueRow): StoredEvent {
  return {
    seq: row.seq,
    type: row.type ?? undefined,
    interactionId: row.interaction_id ?? undefined,
    mediaType: row.media_type ?? undefined,
    interactionSubtype: row.interaction_subtype ?? undefined,
    selfUri: row.self_uri ?? undefined,
    operationId: row.operation_id ?? undefined,
    channel: row.channel,
    late: row.late === 1,
    traceId: row.trace_id ?? undefined,
    receivedAt: row.received_at,
  };
}
