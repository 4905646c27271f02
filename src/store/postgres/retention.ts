import type { Operations } from '../operations.js';
import { limitOf, plan, selectOld, selectPlace } from '../retention/selection.js';
import type { Context } from './handlers.js';
import { horizonOf } from './operations.js';

/** Removes old events that are over. One batch: it is read without a lock, and `retain_v1` looks again. */
export async function retain(
  { connection, builder }: Context,
  args: Operations['retain']['args'],
): Promise<Operations['retain']['result']> {
  // First: what could appear behind it is not below the end of the log that is read then.
  const horizon = await horizonOf({ connection });
  const [place] = await connection.query(selectPlace(builder));
  if (place === undefined) return { removed: 0, more: false };
  const after = args.part === 'log' ? place.position : place.kept_position;
  const limit = Math.min(limitOf(place), horizon);
  const events = await connection.query(selectOld(builder, { part: args.part, after, limit }));
  const step = plan(events, args);
  if (step === undefined) {
    const again = builder.updateTable('retention').set({ kept_position: 0 }).where('kept_position', '>', 0);
    if (args.part === 'kept') await connection.query(again);
    return { removed: 0, more: false };
  }
  const [row] = await connection.run<{ removed: number | null }>(
    'select retain_v1($1, $2, $3, $4, $5, $6, $7) as removed',
    [
      args.part === 'log',
      after,
      step.reached,
      !step.more,
      step.old.map(({ seq }) => seq),
      step.old.map(({ interaction_key }) => interaction_key),
      args.before,
    ],
  );
  const removed = row?.removed ?? null;
  return removed === null ? { removed: 0, more: false } : { removed, more: step.more };
}
