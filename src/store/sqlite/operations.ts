import type Database from 'better-sqlite3';
import { sql, type Compilable, type Kysely } from 'kysely';

import { auditRow } from '../audit.js';
import type { ListenerFilter } from '../filter.js';
import type { Advanced, BatchPosition, BatchResult } from '../operations.js';
import { prepare } from '../prepared.js';
import type { AuditDraft, DeliveryFilter, EventFilter } from '../records.js';
import type { DeliveryState, Schema } from '../schema.js';
import { keysOf, selectDeliveries, selectEvents } from '../selections.js';
import type { SqliteDeliveries } from './deliveries.js';

/** Deliveries of one operator's command that one transaction touches: commits of webhooks go in between. */
const BATCH = 500;
/** Events that one step of a replay or backfill looks at: few of them may match, and commits wait meanwhile. */
const SCAN = 20_000;
/** What an operator can give up. */
const DISCARDABLE: readonly DeliveryState[] = ['dead', 'pending', 'blocked'];
/** Due deliveries of a listener above which a replay or backfill waits: live events are due behind them. */
const BACKLOG_LIMIT = 500;

/**
 * What operators do to deliveries: try again, discard, replay, pause; and the backfill of listeners that want
 * the log from its beginning. Runs inside the caller's transaction.
 */
export class SqliteOperations {
  private readonly selectLine;
  private readonly insertDelivery;
  private readonly open;

  constructor(
    private readonly sqlite: Database.Database,
    private readonly db: Kysely<Schema>,
    private readonly deliveries: SqliteDeliveries,
    private readonly batch = BATCH,
  ) {
    this.selectLine = prepare<
      { interactionKey: string; listenerId: number },
      { seq: number; state: DeliveryState }
    >(sqlite, (p) =>
      db
        .selectFrom('deliveries')
        .select(['seq', 'state'])
        .where('interaction_key', '=', p.interactionKey)
        .where('listener_id', '=', p.listenerId)
        .where('holds', '=', sql.lit(1))
        .orderBy('seq'),
    );
    this.insertDelivery = prepare<{ seq: number; listenerId: number; interactionKey: string }>(sqlite, (p) =>
      db.insertInto('deliveries').values({
        seq: p.seq,
        listener_id: p.listenerId,
        interaction_key: p.interactionKey,
        state: 'blocked',
        holds: 0,
        attempt: 0,
      }),
    );
    this.open = prepare<{ seq: number; listenerId: number; state: DeliveryState; dueAt: number | null }>(
      sqlite,
      (p) =>
        db
          .updateTable('deliveries')
          .set({ state: p.state, holds: 1, due_at: p.dueAt, attempts_before: sql`attempt` })
          .where('seq', '=', p.seq)
          .where('listener_id', '=', p.listenerId),
    );
  }

  /**
   * Gives dead deliveries fresh attempts. One batch; `after` is where the one before ended: what has died
   * again meanwhile must not be found again.
   */
  retry(filter: DeliveryFilter, now: number, after?: BatchPosition): BatchResult {
    const dead = this.select(filter, ['dead'], after);
    for (const row of dead) this.reopen(row.seq, row.listener_id, row.interaction_key, now);
    return this.batchOf(dead);
  }

  /** Gives up deliveries that are dead or wait; those that run are left alone. One batch. */
  discard(filter: DeliveryFilter, now: number, after?: BatchPosition): BatchResult {
    const states = DISCARDABLE.filter((state) => filter.states?.includes(state) ?? true);
    const rows = states.length === 0 ? [] : this.select(filter, states, after);
    for (const { seq, listener_id: listenerId, interaction_key: key } of rows) {
      this.run(
        this.db
          .updateTable('deliveries')
          .set({ state: 'discarded', holds: 0, due_at: null })
          .where('seq', '=', seq)
          .where('listener_id', '=', listenerId),
      );
      this.deliveries.stepUp(listenerId, key, now);
    }
    return this.batchOf(rows);
  }

  /** How many events a replay would deliver of those after a `seq`: of one scan, so that commits go in between. */
  countReplay(
    listenerId: number,
    filter: EventFilter,
    after: number,
  ): { count: number; next: number | undefined } {
    const end = after + SCAN;
    const own = this.ownFilter(listenerId);
    const query = selectEvents(this.db, { after, end, own, filter, keys: this.keysFor(filter) }).select((q) =>
      q.fn.countAll<number>().as('count'),
    );
    return { count: this.all(query)[0]?.count ?? 0, next: end >= this.lastSeq() ? undefined : end };
  }

  /** Enters a replay of all events up to now that match; {@link advance} carries it out. */
  startReplay(listenerId: number, filter: EventFilter, now: number): number {
    const last = this.lastSeq();
    const row = { listener_id: listenerId, filter: JSON.stringify(filter), until_seq: last, created_at: now };
    return this.all(this.db.insertInto('replays').values(row).returning('id'))[0]?.id ?? 0;
  }

  /** Carries replays and backfills one batch further. */
  advance(now: number): Advanced {
    let moved = false;
    const backfills = this.all(
      this.db
        .selectFrom('listeners')
        .select(['id', 'filter', 'backfill_seq'])
        .where('backfill_seq', 'is not', null),
    );
    for (const { id, filter, backfill_seq: from } of backfills) {
      const wanted = JSON.parse(filter) as ListenerFilter;
      moved = this.advanceBackfill(id, wanted, from ?? 0, now) || moved;
    }
    // A listener that still catches up is given everything anyway, in order: its replays wait for that.
    const replays = this.all(
      this.db
        .selectFrom('replays as r')
        .innerJoin('listeners as l', 'l.id', 'r.listener_id')
        .selectAll('r')
        .where('r.state', '=', 'running')
        .where('l.backfill_seq', 'is', null),
    );
    for (const replay of replays) moved = this.advanceReplay(replay, now) || moved;
    const paused = this.all(this.db.selectFrom('listeners').select('id').where('paused', '=', 1));
    return { moved, paused: paused.map(({ id }) => id) };
  }

  /** Pauses or resumes a listener. */
  setPaused(listenerId: number, paused: boolean): void {
    this.run(
      this.db
        .updateTable('listeners')
        .set({ paused: paused ? 1 : 0 })
        .where('id', '=', listenerId),
    );
  }

  /** Enters what an operator did into the audit log. */
  audit(draft: AuditDraft, result: unknown): void {
    this.run(this.db.insertInto('audit_log').values(auditRow(draft, result)));
  }

  private advanceReplay(
    replay: { id: number; listener_id: number; filter: string; position: number; until_seq: number },
    now: number,
  ): boolean {
    const { id, listener_id: listenerId, position, until_seq: until } = replay;
    if (this.isBusy(listenerId, now)) return false;
    const filter = JSON.parse(replay.filter) as EventFilter;
    const end = Math.min(until, position + SCAN);
    const own = this.ownFilter(listenerId);
    const events = this.all(
      selectEvents(this.db, { after: position, end, own, filter, keys: this.keysFor(filter) })
        .leftJoin('deliveries as d', (j) =>
          j.onRef('d.seq', '=', 'e.seq').on('d.listener_id', '=', listenerId),
        )
        .select(['e.seq', 'e.interaction_key', 'd.state'])
        .orderBy('e.seq')
        .limit(this.batch),
    );
    let replayed = 0;
    for (const { seq, interaction_key: key, state } of events) {
      if (state === null) this.insertDelivery.run({ seq, listenerId, interactionKey: key });
      else if (!isOver(state)) continue;
      this.reopen(seq, listenerId, key, now);
      replayed++;
    }
    const scanned = events.length < this.batch;
    this.run(
      this.db
        .updateTable('replays')
        .set({ position: scanned ? end : (events.at(-1)?.seq ?? end) })
        .set({ state: scanned && end >= until ? 'done' : 'running' })
        .set({ replayed: sql`replayed + ${replayed}` })
        .where('id', '=', id),
    );
    return true;
  }

  /**
   * Until it has caught up with the log, a listener that wants all of it gets deliveries from here alone, so
   * that no new event overtakes an old one of its interaction. The batch that finds no more ends that.
   */
  private advanceBackfill(listenerId: number, filter: ListenerFilter, from: number, now: number): boolean {
    if (this.isBusy(listenerId, now)) return false;
    const last = this.lastSeq();
    const end = Math.min(last, from + SCAN);
    const events = this.all(
      selectEvents(this.db, { after: from, end, own: filter })
        .select(['e.seq', 'e.interaction_key'])
        .orderBy('e.seq')
        .limit(this.batch),
    );
    for (const { seq, interaction_key: key } of events) {
      this.insertDelivery.run({ seq, listenerId, interactionKey: key });
      this.reopen(seq, listenerId, key, now);
    }
    const scanned = events.length < this.batch;
    const reached = scanned ? end : (events.at(-1)?.seq ?? end);
    const next = scanned && end >= last ? null : reached;
    this.run(this.db.updateTable('listeners').set({ backfill_seq: next }).where('id', '=', listenerId));
    return true;
  }

  /** Makes a delivery open again, at its place in the line of its listener and interaction. */
  private reopen(seq: number, listenerId: number, key: string, now: number): void {
    const line = this.selectLine
      .all({ interactionKey: key, listenerId })
      .filter((other) => other.seq !== seq);
    const mustWait = line.some((other) => other.seq < seq || other.state === 'running');
    if (!mustWait) {
      // It becomes the head; what was the head and has not begun waits behind it again.
      for (const other of line)
        if (other.state === 'pending') this.deliveries.block.run({ seq: other.seq, listenerId });
    }
    this.open.run({ seq, listenerId, state: mustWait ? 'blocked' : 'pending', dueAt: mustWait ? null : now });
  }

  private lastSeq(): number {
    return this.all(this.db.selectFrom('events').select((q) => q.fn.max('seq').as('seq')))[0]?.seq ?? 0;
  }

  private isBusy(listenerId: number, now: number): boolean {
    const due = this.db
      .selectFrom('deliveries')
      .select('seq')
      .where('listener_id', '=', listenerId)
      // Due now: retries that wait for later are no reason to wait with others.
      .where('due_at', '<=', now)
      .limit(BACKLOG_LIMIT);
    return this.all(due).length === BACKLOG_LIMIT;
  }

  private batchOf(rows: readonly { seq: number; listener_id: number }[]): BatchResult {
    const last = rows.length < this.batch ? undefined : rows.at(-1);
    return { count: rows.length, next: last && { seq: last.seq, listenerId: last.listener_id } };
  }

  private select(filter: DeliveryFilter, states: readonly DeliveryState[], after: BatchPosition | undefined) {
    const keys = this.keysFor(filter);
    return this.all(selectDeliveries(this.db, { filter, states, keys, after, limit: this.batch }));
  }

  private ownFilter(listenerId: number): ListenerFilter {
    const query = this.db.selectFrom('listeners').select('filter').where('id', '=', listenerId);
    return JSON.parse(this.all(query)[0]?.filter ?? '{}') as ListenerFilter;
  }

  private keysFor({ interactionId }: EventFilter): string[] | undefined {
    if (interactionId === undefined) return undefined;
    const channels = this.all(this.db.selectFrom('channels').select('name'));
    return keysOf(
      interactionId,
      channels.map(({ name }) => name),
    );
  }

  private all<R>(query: Compilable<R>): R[] {
    const { sql: text, parameters } = query.compile();
    return this.sqlite.prepare(text).all(parameters) as R[];
  }

  private run(query: Compilable): void {
    const { sql: text, parameters } = query.compile();
    this.sqlite.prepare(text).run(parameters);
  }
}

function isOver(state: DeliveryState): boolean {
  return state === 'done' || state === 'dead' || state === 'discarded';
}
