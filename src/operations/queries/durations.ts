import type { Store } from '../../store/store.js';

/** Finished interactions whose durations are looked at, the latest ones; and positions of the log they are in. */
const SAMPLE = 5_000;
const WINDOW = 50_000;

/**
 * Milliseconds from STARTED to FINISHED of the interactions that finished last, in ascending order. By their
 * FINISHED, not by when they began: else those that take long would be missing.
 *
 * @param range the stretch of the log that their FINISHED is in; its latest part is looked at.
 */
export async function durations(
  store: Store,
  range: { readonly from: number; readonly to: number },
): Promise<number[]> {
  const rows = await store.read(
    store.builder
      .selectFrom(
        store.builder
          .selectFrom('events')
          .select(['seq', 'interaction_key', 'received_at'])
          .where('seq', '>=', Math.max(range.from, range.to - WINDOW))
          .where('seq', '<', range.to)
          .where('type', '=', 'FINISHED')
          .orderBy('seq', 'desc')
          .limit(SAMPLE)
          .as('e'),
      )
      // The first FINISHED of an interaction alone: a second one, by another operation, ends nothing.
      .innerJoin('interactions as i', (join) =>
        join
          .onRef('i.interaction_key', '=', 'e.interaction_key')
          .onRef('i.finished_at', '=', 'e.received_at'),
      )
      .select(['i.started_at', 'i.finished_at'])
      .where('i.started_at', 'is not', null),
  );
  return rows
    .map(({ started_at: start, finished_at: end }) => Math.max(0, (end ?? 0) - (start ?? 0)))
    .toSorted((a, b) => a - b);
}

/** How many interactions are open and not stuck, and how many are stuck: started by `stuckBefore`. */
export async function countOpen(
  store: Store,
  stuckBefore: number,
): Promise<{ readonly open: number; readonly stuck: number }> {
  const [row] = await store.read(
    store.builder
      .selectFrom('interactions')
      .select((eb) => [
        eb.fn.countAll<number>().as('unfinished'),
        eb.fn.countAll<number>().filterWhere('started_at', '<=', stuckBefore).as('stuck'),
      ])
      .where('finished_at', 'is', null)
      .where('late_started_at', 'is', null),
  );
  const { unfinished, stuck } = row ?? { unfinished: 0, stuck: 0 };
  return { open: unfinished - stuck, stuck };
}

/** The value below which a share of some ascending ones is (nearest rank); null for none. */
export function quantile(ascending: readonly number[], share: number): number | null {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? null;
}
