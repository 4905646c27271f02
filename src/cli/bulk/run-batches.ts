import type { Batch } from '../api-client/shapes.js';
import { startProgress } from '../send/progress.js';
import { onInterrupt } from '../terminal/interrupt.js';

/** What came of many batches. */
export interface BulkResult<B extends Batch> {
  readonly count: number;
  /** Whether all was done; else Ctrl-C came before. */
  readonly whole: boolean;
  readonly batches: readonly B[];
}

/**
 * Does something batch after batch, with a progress bar on a terminal, until there are no more. Ctrl-C lets the
 * batch under way end, and starts no other.
 *
 * @param total how many there are to do, about: others may do some of them meanwhile.
 */
export async function runBatches<B extends Batch>(
  total: number,
  step: (cursor: string | undefined) => Promise<B>,
): Promise<BulkResult<B>> {
  const { signal, release } = onInterrupt();
  const progress = startProgress(total);
  const batches: B[] = [];
  let cursor: string | undefined;
  try {
    do {
      const batch = await step(cursor);
      batches.push(batch);
      progress.advance(batch.count);
      cursor = batch.next ?? undefined;
    } while (cursor !== undefined && !signal.aborted);
  } finally {
    progress.stop();
    release();
  }
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  return { count, whole: cursor === undefined, batches };
}
