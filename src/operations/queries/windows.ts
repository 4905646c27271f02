import type { Store } from '../../store/store.js';
import type { SeqRange } from './seq-at.js';

/**
 * Events that one question looks at. A filter may pick few of millions: others ask the same thread, so no
 * question takes long.
 */
export const WINDOW = 25_000;

/** The last {@link WINDOW} events of a stretch of the log, however far apart they are. */
export async function lastWindow(store: Store, { from, to }: SeqRange): Promise<SeqRange> {
  const [first] = await store.read(
    store.builder
      .selectFrom('events')
      .select('seq')
      .where('seq', '>=', from)
      .where('seq', '<', to)
      .orderBy('seq', 'desc')
      .limit(1)
      .offset(WINDOW - 1),
  );
  return { from: first?.seq ?? from, to };
}

/** The first {@link WINDOW} events of a stretch of the log, however far apart they are. */
export async function firstWindow(store: Store, { from, to }: SeqRange): Promise<SeqRange> {
  const [last] = await store.read(
    store.builder
      .selectFrom('events')
      .select('seq')
      .where('seq', '>=', from)
      .where('seq', '<', to)
      .orderBy('seq')
      .limit(1)
      .offset(WINDOW - 1),
  );
  return { from, to: last === undefined ? to : last.seq + 1 };
}
