import type { DeliveryState } from '../../store/schema.js';
import { hasFirstLine } from '../../store/selections.js';
import type { Store } from '../../store/store.js';
import type { DeliveryItemDto } from '../deliveries/deliveries-read.dto.js';
import { DELIVERY_COLUMNS, toDeliveryState } from './event-deliveries.js';
import { EVENT_COLUMNS, keysOf, log, narrow, toEvent, type EventSearch } from './log.js';
import { rangeBetween, type SeqRange } from './seq-at.js';
import { lastWindow, WINDOW } from './windows.js';

/** Dead deliveries that one question looks at; of others, which have no index to go by, those of a window. */
const DEAD_WINDOW = 2_000;
/** Open deliveries up to which all of them are looked at, by the index of what is open, wherever they are. */
const FEW_OPEN = 10_000;
/** Questions for one listener and one page: its cursor goes on from there. */
const WINDOWS = 4;

/** A delivery as a position: pages go from later events to earlier ones, and at one event by listener id. */
export type DeliveryPosition = readonly [seq: number, listenerId: number];

/** Picks deliveries by their state and their event. */
export interface DeliverySearch extends EventSearch {
  readonly state: DeliveryState;
  readonly listener?: string | undefined;
  /** First line of the last error. */
  readonly error?: string | undefined;
}

type Found = DeliveryItemDto & { readonly listenerId: number };

interface LaneSearch {
  readonly search: DeliverySearch;
  readonly keys: readonly string[] | undefined;
  /** Positions of what is open, where there is little and that is what is looked for. */
  readonly few: ReturnType<typeof openSeqs> | undefined;
}

/** Deliveries that a search picks, those of the latest events first. */
export async function pageOfDeliveries(
  store: Store,
  search: DeliverySearch,
  { limit, before }: { readonly limit: number; readonly before: DeliveryPosition | undefined },
): Promise<{ items: DeliveryItemDto[]; next: DeliveryPosition | undefined }> {
  const keys = await keysOf(store, search);
  const range = await rangeBetween(store, search);
  const few = (await hasFewOpen(store, search.state)) ? openSeqs(store, FEW_OPEN) : undefined;
  const [seq, listenerId] = before ?? [range.to, 0];
  // One listener at a time: the index of dead deliveries is by listener.
  const lanes = await Promise.all(
    (await listenerIds(store, search.listener)).map((id) => {
      // At the event where the page before ended, those of smaller ids are still to come.
      const to = Math.min(range.to, id < listenerId ? seq + 1 : seq);
      return readLane(store, id, { search, keys, few }, { from: range.from, to }, limit);
    }),
  );
  // Below the point that every lane has reached, some may be missing.
  const reached = Math.max(range.from, ...lanes.map(({ reached }) => reached));
  const found = lanes
    .flatMap(({ items }) => items)
    .filter((item) => item.seq >= reached)
    .toSorted((a, b) => b.seq - a.seq || b.listenerId - a.listenerId);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const items = page.map(({ listenerId: _, ...item }) => item);
  if (found.length >= limit && last !== undefined) return { items, next: [last.seq, last.listenerId] };
  return { items, next: reached > range.from ? [reached, 0] : undefined };
}

/** The latest deliveries of one listener within a stretch, and how far down it was looked through. */
async function readLane(
  store: Store,
  listenerId: number,
  { search, keys, few }: LaneSearch,
  range: SeqRange,
  limit: number,
): Promise<{ items: Found[]; reached: number }> {
  const items: Found[] = [];
  const all = keys !== undefined || few !== undefined;
  let { to } = range;
  for (let i = 0; i < WINDOWS && to > range.from && items.length < limit; i++) {
    const from = all ? range.from : await windowStart(store, listenerId, search.state, { ...range, to });
    const window = store.builder
      .selectFrom('deliveries as d')
      .selectAll('d')
      .where((q) => (search.error === undefined ? q.lit(true) : hasFirstLine(q, search.error)))
      .where((q) => (few === undefined ? q.lit(true) : q('d.seq', 'in', few)))
      .where('state', '=', search.state)
      .where('listener_id', '=', listenerId)
      .where('seq', '>=', from)
      .where('seq', '<', to)
      .orderBy('seq', 'desc');
    // With a limit, the window is looked through first and joined then. The events of an interaction are few:
    // there, the other way round.
    const deliveries = keys === undefined ? window.limit(WINDOW) : window;
    const rows = await store.read(
      narrow(log(store), search, keys)
        .innerJoin(deliveries.as('d'), 'd.seq', 'e.seq')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .select(EVENT_COLUMNS)
        .select(DELIVERY_COLUMNS)
        .select('l.id as listener_id')
        .orderBy('e.seq', 'desc')
        .limit(limit - items.length),
    );
    for (const row of rows) {
      items.push({ seq: row.seq, ...toDeliveryState(row), event: toEvent(row), listenerId: row.listener_id });
    }
    to = items.length < limit ? from : (items.at(-1)?.seq ?? from);
  }
  return { items, reached: to };
}

async function hasFewOpen(store: Store, state: DeliveryState): Promise<boolean> {
  if (state === 'done' || state === 'discarded' || state === 'dead') return false;
  const open = store.builder.selectFrom(openSeqs(store, FEW_OPEN + 1).as('open'));
  const [row] = await store.read(open.select((q) => q.fn.countAll<number>().as('count')));
  return (row?.count ?? 0) <= FEW_OPEN;
}

/** Positions of open deliveries, in no order: of all listeners, and those parked too. */
function openSeqs({ builder }: Store, limit: number) {
  return builder
    .selectFrom('deliveries')
    .select('seq')
    .where((q) => q('holds', '=', q.lit(1)))
    .limit(limit);
}

/** Where the next window downwards begins. */
async function windowStart(
  store: Store,
  listenerId: number,
  state: DeliveryState,
  { from, to }: SeqRange,
): Promise<number> {
  if (state !== 'dead') return (await lastWindow(store, { from, to })).from;
  const [last] = await store.read(
    store.builder
      .selectFrom('deliveries')
      .select('seq')
      .where('state', '=', 'dead')
      .where('listener_id', '=', listenerId)
      .where('seq', '>=', from)
      .where('seq', '<', to)
      .orderBy('seq', 'desc')
      .limit(1)
      .offset(DEAD_WINDOW - 1),
  );
  return last?.seq ?? from;
}

/** The id of one listener, or of all; none for a name that was never loaded. */
export async function listenerIds(store: Store, name: string | undefined): Promise<number[]> {
  const query = store.builder.selectFrom('listeners').select('id').orderBy('id');
  const rows = await store.read(name === undefined ? query : query.where('name', '=', name));
  return rows.map(({ id }) => id);
}
