import { interactionKey } from '../../store/keys.js';
import type { EventFilter } from '../../store/records.js';
import type { Store } from '../../store/store.js';
import type { DeliveryCountsDto, EventDto } from '../events/events.dto.js';

/** Picks events, also by a part of one of their texts. */
export interface EventSearch extends EventFilter {
  /** In the interaction's id, operationId, selfUri or the trace id; upper and lower case are the same. */
  readonly text?: string;
}

/** Events with the receipts that brought them. */
export function log({ builder }: Store) {
  return builder.selectFrom('events as e').innerJoin('receipts as r', 'r.id', 'e.receipt_id');
}

type Log = ReturnType<typeof log>;

/** What {@link toEvent} needs of a row. */
export const EVENT_COLUMNS = [
  'e.seq',
  'e.type',
  'e.interaction_id',
  'e.media_type',
  'e.interaction_subtype',
  'e.channel',
  'e.operation_id',
  'e.self_uri',
  'e.late',
  'r.trace_id',
  'e.received_at',
] as const;

/** A row of {@link EVENT_COLUMNS}. */
export interface EventRow {
  readonly seq: number;
  readonly type: string | null;
  readonly interaction_id: string | null;
  readonly media_type: string | null;
  readonly interaction_subtype: string | null;
  readonly channel: string;
  readonly operation_id: string | null;
  readonly self_uri: string | null;
  readonly late: number;
  readonly trace_id: string | null;
  readonly received_at: number;
}

export function toEvent(row: EventRow): EventDto {
  return {
    seq: row.seq,
    type: row.type,
    interactionId: row.interaction_id,
    mediaType: row.media_type,
    interactionSubtype: row.interaction_subtype,
    channel: row.channel,
    operationId: row.operation_id,
    selfUri: row.self_uri,
    late: row.late === 1,
    traceId: row.trace_id,
    receivedAt: new Date(row.received_at).toISOString(),
  };
}

/**
 * Keeps what a filter picks.
 *
 * @param keys those of {@link keysOf} the filter's interaction, where it names one.
 */
export function narrow(events: Log, filter: EventSearch, keys: readonly string[] | undefined): Log {
  let query = events;
  if (keys !== undefined) query = query.where('e.interaction_key', 'in', keys);
  if (filter.event !== undefined) query = query.where('e.type', 'in', valuesOf(filter.event));
  if (filter.mediaType !== undefined) query = query.where('e.media_type', 'in', valuesOf(filter.mediaType));
  if (filter.interactionSubtype !== undefined) {
    query = query.where('e.interaction_subtype', 'in', valuesOf(filter.interactionSubtype));
  }
  if (filter.channel !== undefined) query = query.where('e.channel', 'in', valuesOf(filter.channel));
  if (filter.from !== undefined) query = query.where('e.received_at', '>=', filter.from);
  if (filter.to !== undefined) query = query.where('e.received_at', '<', filter.to);
  const { text } = filter;
  if (text === undefined) return query;
  return query.where((eb) => {
    const part = eb.fn<string>('lower', [eb.val(text)]);
    const nothing = eb.val('');
    // What differs without the part has it. LIKE would need its signs escaped, and each engine does that its
    // own way. Both sides are made lower by the store: each engine has its own idea of that, too.
    return eb.or(
      (['e.interaction_id', 'e.operation_id', 'e.self_uri', 'r.trace_id'] as const).map((column) => {
        const lower = eb.fn<string>('lower', [column]);
        return eb(eb.fn<string>('replace', [lower, part, nothing]), '<>', lower);
      }),
    );
  });
}

/**
 * The keys under which events of the filter's interaction are indexed, one for each channel; `undefined` where
 * it names none.
 */
export async function keysOf(
  store: Store,
  { interactionId, channel }: EventFilter,
): Promise<readonly string[] | undefined> {
  if (interactionId === undefined) return undefined;
  const known = await channels(store);
  const wanted = channel === undefined ? known : known.filter((name) => valuesOf(channel).includes(name));
  return wanted.map((name) => interactionKey(name, interactionId));
}

/** Every channel that ever brought an event. */
export async function channels(store: Store): Promise<string[]> {
  const rows = await store.read(store.builder.selectFrom('channels').select('name').orderBy('name'));
  return rows.map(({ name }) => name);
}

/** How many deliveries each of some events has, by what became of them. */
export async function countDeliveries(
  store: Store,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, DeliveryCountsDto>> {
  const counts = new Map(seqs.map((seq) => [seq, { open: 0, done: 0, dead: 0, discarded: 0 }]));
  if (seqs.length === 0) return counts;
  const rows = await store.read(
    store.builder
      .selectFrom('deliveries')
      .select(['seq', 'state'])
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('seq', 'in', seqs)
      .groupBy(['seq', 'state']),
  );
  for (const { seq, state, count } of rows) {
    const sums = counts.get(seq);
    if (sums === undefined) continue;
    const open = state === 'blocked' || state === 'pending' || state === 'running';
    sums[open ? 'open' : state] += count;
  }
  return counts;
}

function valuesOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}
