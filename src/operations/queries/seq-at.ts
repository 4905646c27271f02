import type { Store } from '../../store/store.js';

/**
 * How far the times of neighbours in the log may be out of order: an event gets its time before it waits for
 * the disk, and the clocks of processes that share a store differ a little.
 */
export const DISORDER_MS = 10_000;

/** A stretch of the log: `from` is in it, `to` is not. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** The whole log, as it is now. */
export async function wholeLog(store: Store): Promise<SeqRange> {
  const ends = store.builder.selectNoFrom((eb) => [
    eb
      .selectFrom('events')
      .select((e) => e.fn.min('seq').as('seq'))
      .as('first'),
    eb
      .selectFrom('events')
      .select((e) => e.fn.max('seq').as('seq'))
      .as('last'),
  ]);
  const [row] = await store.read(ends);
  return { from: row?.first ?? 1, to: (row?.last ?? 0) + 1 };
}

/** The log as far as no event can appear in it any more: for whoever reads it once, in its order. */
export async function settledLog(store: Store): Promise<SeqRange> {
  const [{ from, to }, horizon] = await Promise.all([wholeLog(store), store.horizon()]);
  return { from, to: Math.max(from, Math.min(to, horizon + 1)) };
}

/**
 * The stretch of the log that can hold events received from `from` on and before `to`. Found by a binary
 * search over the primary key, as times grow with `seq`; it may hold a few others at its ends.
 *
 * @param all the log; by default all of it.
 */
export async function rangeBetween(
  store: Store,
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
  all?: SeqRange,
): Promise<SeqRange> {
  all ??= await wholeLog(store);
  const start = from === undefined ? all.from : await seqAt(store, from - DISORDER_MS, all);
  const end = to === undefined ? all.to : await seqAt(store, to + DISORDER_MS, { ...all, from: start });
  return { from: start, to: end };
}

/** The position in a stretch of the log from which on events were received at `time` or later. */
export async function seqAt(store: Store, time: number, { from, to }: SeqRange): Promise<number> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await eventAt(store, middle);
    if (found === undefined || found.seq >= high || found.received_at >= time) high = middle;
    else low = found.seq + 1;
  }
  return low;
}

/** When the event at a position, or the next one after it, was received; milliseconds since 1970. */
export async function timeAt(store: Store, position: number): Promise<number> {
  return (await eventAt(store, position))?.received_at ?? 0;
}

async function eventAt(store: Store, position: number) {
  const [found] = await store.read(
    store.builder
      .selectFrom('events')
      .select(['seq', 'received_at'])
      .where('seq', '>=', position)
      .orderBy('seq')
      .limit(1),
  );
  return found;
}
