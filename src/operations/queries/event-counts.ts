import type { Store } from '../../store/store.js';
import { seqAt, wholeLog, type SeqRange } from './seq-at.js';

const MINUTE_MS = 60_000;

/** Events of a stretch of the log by the minute they were received in (since 1970), type and media type. */
export function countByMinute(store: Store, { from, to }: SeqRange) {
  return store.read(
    store.builder
      .selectFrom('events')
      // Written out: bound, SQLite would take it for a fraction, and so the quotient.
      .select((eb) => eb('received_at', '/', eb.lit(MINUTE_MS)).as('minute'))
      .select(['type', 'media_type'])
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('seq', '>=', from)
      .where('seq', '<', to)
      .groupBy(['minute', 'type', 'media_type']),
  );
}

/** How many events were received at `time` or later. */
export async function countSince(store: Store, time: number): Promise<number> {
  const log = await wholeLog(store);
  const [row] = await store.read(
    store.builder
      .selectFrom('events')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('seq', '>=', await seqAt(store, time, log))
      .where('seq', '<', log.to),
  );
  return row?.count ?? 0;
}
