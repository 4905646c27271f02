/** What operators' commands, replays and backfills select: the same on both engines. */

import { sql, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely';

import type { ListenerFilter } from './filter.js';
import { interactionKey } from './keys.js';
import type { BatchPosition } from './operations.js';
import type { DeliveryFilter, EventFilter } from './records.js';
import type { DeliveryState, Schema } from './schema.js';

/** Instead of `in ()`, which PostgreSQL refuses. */
const NONE = sql<SqlBool>`1 = 0`;

type OfEvents = ExpressionBuilder<Schema & { e: Schema['events'] }, 'e'>;

/** An event filter as conditions on `events as e`, but for the interaction. */
function eventConditions(q: OfEvents, filter: EventFilter) {
  const { event, mediaType, interactionSubtype, channel } = filter;
  const isOneOf = (
    column: 'e.type' | 'e.media_type' | 'e.interaction_subtype' | 'e.channel',
    wanted: string | readonly string[] | undefined,
  ) => {
    if (wanted === undefined) return [];
    const values = typeof wanted === 'string' ? [wanted] : wanted;
    return [values.length === 0 ? NONE : q(column, 'in', values)];
  };
  return [
    ...isOneOf('e.type', event),
    ...isOneOf('e.media_type', mediaType),
    ...isOneOf('e.interaction_subtype', interactionSubtype),
    ...isOneOf('e.channel', channel),
    ...(filter.from === undefined ? [] : [q('e.received_at', '>=', filter.from)]),
    ...(filter.to === undefined ? [] : [q('e.received_at', '<', filter.to)]),
  ];
}

/**
 * The keys of an interaction, by which it is found: keys are indexed and ids are not. A key has the channel in
 * it, so there is one for each.
 */
export function keysOf(interactionId: string, channels: readonly string[]): string[] {
  return channels.map((channel) => interactionKey(channel, interactionId));
}

/** Whether an error's first line is this one: behind it, there may be a stack. */
export function hasFirstLine(q: ExpressionBuilder<Schema & { d: Schema['deliveries'] }, 'd'>, line: string) {
  const start = q.fn<string>('substr', ['d.last_error', q.lit(1), q.lit(Array.from(line).length + 1)]);
  return q.or([q('d.last_error', '=', line), q(start, '=', `${line}\n`)]);
}

/** What {@link selectDeliveries} selects. */
export interface DeliverySelection {
  readonly filter: DeliveryFilter;
  readonly states: readonly DeliveryState[];
  /** Of the interaction that the filter names, if it names one. */
  readonly keys: readonly string[] | undefined;
  readonly after: BatchPosition | undefined;
  readonly limit: number;
}

/** Deliveries in the order of the log, one batch. */
export function selectDeliveries(
  db: Kysely<Schema>,
  { filter, states, keys, after, limit }: DeliverySelection,
) {
  let query = db
    .selectFrom('deliveries as d')
    .innerJoin('events as e', 'e.seq', 'd.seq')
    .select(['d.seq', 'd.listener_id', 'd.interaction_key'])
    .where('d.state', 'in', states)
    .where((q) => q.and([...eventConditions(q, filter), ...ofKeys(q, keys)]))
    .orderBy('d.seq')
    .orderBy('d.listener_id')
    .limit(limit);
  if (after !== undefined) {
    const { seq, listenerId } = after;
    query = query.where((q) =>
      q.or([q('d.seq', '>', seq), q.and([q('d.seq', '=', seq), q('d.listener_id', '>', listenerId)])]),
    );
  }
  if (states.every((state) => state === 'dead')) {
    // Written out, and with the listeners named: else the index of dead ones is not used, and all are read.
    const listeners = db.selectFrom('listeners').select('id');
    query = query.where('d.state', '=', sql.lit('dead')).where('d.listener_id', 'in', listeners);
  }
  if (filter.listenerId !== undefined) query = query.where('d.listener_id', '=', filter.listenerId);
  const { seqs } = filter;
  if (seqs !== undefined) query = query.where((q) => (seqs.length === 0 ? NONE : q('d.seq', 'in', seqs)));
  const { error } = filter;
  if (error !== undefined) query = query.where((q) => hasFirstLine(q, error));
  return query;
}

/** Events of a part of the log that a listener wants, and, of those, a replay. */
export interface EventSelection {
  readonly after: number;
  readonly end: number;
  /** The listener's own filter: a replay brings it nothing that this would not. */
  readonly own: ListenerFilter;
  readonly filter?: EventFilter;
  readonly keys?: readonly string[] | undefined;
}

export function selectEvents(db: Kysely<Schema>, { after, end, own, filter = {}, keys }: EventSelection) {
  return db
    .selectFrom('events as e')
    .where('e.seq', '>', after)
    .where('e.seq', '<=', end)
    .where((q) => q.and([...eventConditions(q, own), ...eventConditions(q, filter), ...ofKeys(q, keys)]));
}

function ofKeys(q: OfEvents, keys: readonly string[] | undefined) {
  if (keys === undefined) return [];
  return [keys.length === 0 ? NONE : q('e.interaction_key', 'in', keys)];
}
