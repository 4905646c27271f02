import type { Store } from '../../store/store.js';
import { toBody } from '../api/body.js';
import type { EventDetailDto, EventDto, EventRecordDto, EventSummaryDto } from '../events/events.dto.js';
import { deliveriesOf } from './event-deliveries.js';
import { countDeliveries, EVENT_COLUMNS, keysOf, log, narrow, toEvent, type EventSearch } from './log.js';
import { rangeBetween, settledLog, type SeqRange } from './seq-at.js';
import type { Slice, SliceRequest } from './slice.js';
import { firstWindow, lastWindow } from './windows.js';

/** Windows for one page. What is found by then is the page, and its cursor goes on from there. */
const WINDOWS = 4;

/** Events that a search picks, the latest first. @param before the position of the page before. */
export async function pageOfEvents(
  store: Store,
  search: EventSearch,
  { limit, before }: SliceRequest,
): Promise<Slice<EventSummaryDto>> {
  const keys = await keysOf(store, search);
  if (keys?.length === 0) return { items: [], next: undefined };
  const range = await rangeBetween(store, search);
  const found: EventDto[] = [];
  let to = Math.min(range.to, before ?? Infinity);
  for (let i = 0; i < WINDOWS && to > range.from && found.length < limit; i++) {
    const rest = { from: range.from, to };
    const window = isSparse(search) ? await lastWindow(store, rest) : rest;
    const rows = await store.read(
      within(narrow(log(store), search, keys), window)
        .select(EVENT_COLUMNS)
        .orderBy('e.seq', 'desc')
        .limit(limit - found.length),
    );
    found.push(...rows.map(toEvent));
    to = found.length < limit ? window.from : (found.at(-1)?.seq ?? window.from);
  }
  return { items: await withCounts(store, found), next: to > range.from ? to : undefined };
}

/** Events that a search picks in the order of the log: a page of at most `limit`, or of none that match. */
export async function* scanEvents(
  store: Store,
  search: EventSearch,
  limit: number,
): AsyncGenerator<EventSummaryDto[]> {
  const keys = await keysOf(store, search);
  if (keys?.length === 0) return;
  const { from, to: end } = await rangeBetween(store, search, await settledLog(store));
  for (let next = from; next < end;) {
    const rest = { from: next, to: end };
    const window = isSparse(search) ? await firstWindow(store, rest) : rest;
    while (next < window.to) {
      const rows = await store.read(
        within(narrow(log(store), search, keys), { from: next, to: window.to })
          .select(EVENT_COLUMNS)
          .orderBy('e.seq')
          .limit(limit),
      );
      next = rows.length < limit ? window.to : (rows.at(-1)?.seq ?? window.to) + 1;
      yield withCounts(store, rows.map(toEvent));
    }
  }
}

/** Whether many events may have to be looked at for one that is picked. Those of an interaction have an index. */
function isSparse({ interactionId, from: _, to: __, ...rest }: EventSearch): boolean {
  return interactionId === undefined && Object.keys(rest).length > 0;
}

/** Events after a position of the log, in its order. */
export async function eventsAfter(
  store: Store,
  { after, upTo }: { readonly after: number; readonly upTo: number },
  limit: number,
): Promise<EventDto[]> {
  const rows = await store.read(
    within(log(store), { from: after + 1, to: upTo + 1 })
      .select(EVENT_COLUMNS)
      .orderBy('e.seq')
      .limit(limit),
  );
  return rows.map(toEvent);
}

/** One event with all that is known of it. @param bodyVisible whether its receipt's body may be read. */
export async function eventDetail(
  store: Store,
  seq: number,
  bodyVisible: boolean,
): Promise<EventDetailDto | undefined> {
  const [body, [record]] = await Promise.all([
    store.read(log(store).select('r.body').where('e.seq', '=', seq)),
    withRecords(store, (events) => events.where('e.seq', '=', seq)),
  ]);
  return record && body[0] && { ...record, ...toBody(body[0].body, bodyVisible) };
}

/** Events of one interaction in the order of the log. @param key see `keys.ts`. */
export function eventsOfInteraction(store: Store, key: string, limit: number): Promise<EventRecordDto[]> {
  return withRecords(store, (events) => events.where('e.interaction_key', '=', key).limit(limit));
}

/** Events with their receipts and deliveries. */
async function withRecords(
  store: Store,
  pick: (events: ReturnType<typeof log>) => ReturnType<typeof log>,
): Promise<EventRecordDto[]> {
  const rows = await store.read(
    pick(log(store))
      .select(EVENT_COLUMNS)
      .select(['r.id', 'r.received_at as receipt_at', 'r.redeliveries', 'r.secret_index'])
      .select((eb) => eb.fn<number>('length', ['r.body']).as('size'))
      .orderBy('e.seq'),
  );
  const seqs = rows.map(({ seq }) => seq);
  const [counts, deliveries] = await Promise.all([countDeliveries(store, seqs), deliveriesOf(store, seqs)]);
  return rows.map((row) => ({
    ...toEvent(row),
    deliveries: counts.get(row.seq) ?? NO_DELIVERIES,
    receipt: {
      id: row.id,
      receivedAt: new Date(row.receipt_at).toISOString(),
      redeliveries: row.redeliveries,
      secretIndex: row.secret_index,
      size: row.size,
    },
    deliveryList: deliveries.get(row.seq) ?? [],
  }));
}

const NO_DELIVERIES = { open: 0, done: 0, dead: 0, discarded: 0 };

function within(events: ReturnType<typeof log>, { from, to }: SeqRange): ReturnType<typeof log> {
  return events.where('e.seq', '>=', from).where('e.seq', '<', to);
}

async function withCounts(store: Store, events: readonly EventDto[]): Promise<EventSummaryDto[]> {
  const counts = await countDeliveries(
    store,
    events.map(({ seq }) => seq),
  );
  return events.map((event) => ({ ...event, deliveries: counts.get(event.seq) ?? NO_DELIVERIES }));
}
