/**
 * What operators do, and the backfill of listeners. What a batch holds is read first, without a lock; a function
 * of the database then does it, where it still is so.
 */

import type { ListenerFilter } from '../filter.js';
import type { Advanced, BatchResult, Operations } from '../operations.js';
import type { DeliveryFilter, EventFilter } from '../records.js';
import type { DeliveryState } from '../schema.js';
import { keysOf, selectDeliveries, selectEvents } from '../selections.js';
import type { Context } from './handlers.js';

/** Events that one step of a replay or backfill looks at: few of them may match. */
const SCAN = 20_000;
/** Due deliveries of a listener above which a replay or backfill waits: live events are due behind them. */
const BACKLOG_LIMIT = 500;
/** What an operator can give up. */
const DISCARDABLE: readonly DeliveryState[] = ['dead', 'pending', 'blocked'];

/** Gives dead deliveries fresh attempts. One batch. */
export function retry(context: Context, args: Operations['retry']['args']): Promise<BatchResult> {
  return change(context, args, ['dead'], 'retry_v1');
}

/** Gives up deliveries that are dead or wait; those that run are left alone. One batch. */
export function discard(context: Context, args: Operations['discard']['args']): Promise<BatchResult> {
  const states = DISCARDABLE.filter((state) => args.filter.states?.includes(state) ?? true);
  return change(context, args, states, 'discard_v1');
}

async function change(
  context: Context,
  { filter, now, after }: Operations['retry']['args'],
  states: readonly DeliveryState[],
  name: 'retry_v1' | 'discard_v1',
): Promise<BatchResult> {
  const { connection, builder, batch } = context;
  if (states.length === 0) return { count: 0, next: undefined };
  const keys = await keysFor(context, filter);
  const selection = { filter, states, keys, after, limit: batch };
  const rows = await connection.query(selectDeliveries(builder, selection));
  if (rows.length === 0) return { count: 0, next: undefined };
  const columns = [
    rows.map(({ seq }) => seq),
    rows.map(({ listener_id }) => listener_id),
    rows.map(({ interaction_key }) => interaction_key),
  ];
  const [row] = await connection.run<{ count: number }>(`select ${name}($1, $2, $3, $4) as count`, [
    ...columns,
    now,
  ]);
  const last = rows.length < batch ? undefined : rows.at(-1);
  return { count: row?.count ?? 0, next: last && { seq: last.seq, listenerId: last.listener_id } };
}

/** How many events a replay would deliver of those after a `seq`: of one scan. */
export async function countReplay(
  context: Context,
  { listenerId, filter, after }: Operations['countReplay']['args'],
): Promise<Operations['countReplay']['result']> {
  const { connection, builder } = context;
  const horizon = await horizonOf(context);
  const end = Math.min(after + SCAN, horizon);
  const own = await ownFilter(context, listenerId);
  const keys = await keysFor(context, filter);
  const [row] = await connection.query(
    selectEvents(builder, { after, end, own, filter, keys }).select((q) =>
      q.fn.countAll<number>().as('count'),
    ),
  );
  return { count: row?.count ?? 0, next: end >= horizon ? undefined : end };
}

/** Enters a replay of all events up to now that match; {@link advance} carries it out. */
export async function startReplay(
  context: Context,
  { listenerId, filter, now }: Operations['startReplay']['args'],
): Promise<number> {
  const until = await horizonOf(context);
  const row = { listener_id: listenerId, filter: JSON.stringify(filter), until_seq: until, created_at: now };
  const insert = context.builder.insertInto('replays').values(row).returning('id');
  return (await context.connection.query(insert))[0]?.id ?? 0;
}

/** Carries replays and backfills one batch further. Processes that do so at once are in nobody's way: one wins. */
export async function advance(context: Context, { now }: Operations['advance']['args']): Promise<Advanced> {
  const { connection, builder } = context;
  let moved = false;
  const backfills = await connection.query(
    builder
      .selectFrom('listeners')
      .select(['id', 'filter', 'backfill_seq'])
      .where('backfill_seq', 'is not', null),
  );
  for (const { id, filter, backfill_seq: place } of backfills) {
    const own = JSON.parse(filter) as ListenerFilter;
    moved = (await advanceBackfill(context, id, own, place ?? 0, now)) || moved;
  }
  // A listener that still catches up is given everything anyway, in order: its replays wait for that.
  const replays = await connection.query(
    builder
      .selectFrom('replays as r')
      .innerJoin('listeners as l', 'l.id', 'r.listener_id')
      .select(['r.id', 'r.listener_id', 'r.filter', 'r.position', 'r.until_seq'])
      .where('r.state', '=', 'running')
      .where('l.backfill_seq', 'is', null),
  );
  for (const replay of replays) moved = (await advanceReplay(context, replay, now)) || moved;
  const paused = await connection.query(builder.selectFrom('listeners').select('id').where('paused', '=', 1));
  return { moved, paused: paused.map(({ id }) => id) };
}

async function advanceReplay(
  context: Context,
  replay: { id: number; listener_id: number; filter: string; position: number; until_seq: number },
  now: number,
): Promise<boolean> {
  const { connection, builder, batch } = context;
  const { id, listener_id: listenerId, position, until_seq: until } = replay;
  if (await isBusy(context, listenerId, now)) return false;
  const filter = JSON.parse(replay.filter) as EventFilter;
  const end = Math.min(until, position + SCAN);
  const own = await ownFilter(context, listenerId);
  const keys = await keysFor(context, filter);
  const events = await connection.query(
    selectEvents(builder, { after: position, end, own, filter, keys })
      .select(['e.seq', 'e.interaction_key'])
      .orderBy('e.seq')
      .limit(batch),
  );
  const scanned = events.length < batch;
  const reached = scanned ? end : (events.at(-1)?.seq ?? end);
  await connection.run('select replay_v1($1, $2, $3, $4, $5, $6, $7)', [
    id,
    position,
    reached,
    scanned && end >= until,
    events.map(({ seq }) => seq),
    events.map(({ interaction_key }) => interaction_key),
    now,
  ]);
  return true;
}

/**
 * Until it has caught up with the log, a listener that wants all of it gets deliveries from here alone, so that
 * no new event overtakes an old one of its interaction.
 */
async function advanceBackfill(
  context: Context,
  listenerId: number,
  own: ListenerFilter,
  place: number,
  now: number,
): Promise<boolean> {
  const { connection, builder, batch } = context;
  if (await isBusy(context, listenerId, now)) return false;
  const horizon = await horizonOf(context);
  const end = Math.min(horizon, place + SCAN);
  const events = await connection.query(
    selectEvents(builder, { after: place, end, own })
      .select(['e.seq', 'e.interaction_key'])
      .orderBy('e.seq')
      .limit(batch),
  );
  const scanned = events.length < batch;
  const reached = scanned ? Math.max(end, place) : (events.at(-1)?.seq ?? end);
  await connection.run('select backfill_v1($1, $2, $3, $4, $5, $6)', [
    listenerId,
    place,
    reached,
    events.map(({ seq }) => seq),
    events.map(({ interaction_key }) => interaction_key),
    now,
  ]);
  if (scanned && end >= horizon)
    await connection.run('select go_live_v1($1, $2, $3)', [listenerId, batch, now]);
  return true;
}

async function isBusy({ connection, builder }: Context, listenerId: number, now: number): Promise<boolean> {
  const due = builder
    .selectFrom('deliveries')
    .select('seq')
    .where('listener_id', '=', listenerId)
    // Due now: retries that wait for later are no reason to wait with others.
    .where('due_at', '<=', now)
    .limit(BACKLOG_LIMIT);
  return (await connection.query(due)).length === BACKLOG_LIMIT;
}

/** Up to which `seq` the log is complete: see `functions/locks.ts`. */
export async function horizonOf({ connection }: Pick<Context, 'connection'>): Promise<number> {
  const [row] = await connection.run<{ horizon: number }>('select horizon_v1() as horizon', []);
  return row?.horizon ?? 0;
}

async function ownFilter({ connection, builder }: Context, listenerId: number): Promise<ListenerFilter> {
  const query = builder.selectFrom('listeners').select('filter').where('id', '=', listenerId);
  const [row] = await connection.query(query);
  return JSON.parse(row?.filter ?? '{}') as ListenerFilter;
}

async function keysFor(
  { connection, builder }: Context,
  { interactionId }: DeliveryFilter,
): Promise<string[] | undefined> {
  if (interactionId === undefined) return undefined;
  const channels = await connection.query(builder.selectFrom('channels').select('name'));
  return keysOf(
    interactionId,
    channels.map(({ name }) => name),
  );
}
