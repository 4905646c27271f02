import type { Store } from '../../store/store.js';

/** Open deliveries that are looked at to tell how many of them run; of more, these are taken as a sample. */
const SAMPLE = 10_000;

/** Where the deliveries of a listener stand. */
export interface ListenerStatus {
  readonly id: number;
  readonly name: string;
  /** As JSON. */
  readonly filter: string;
  readonly paused: boolean;
  /** The last event it was given while it catches up with the log; null: it is live. */
  readonly catchingUpFrom: number | null;
  /** Pending or blocked. */
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
  /** When the event of the delivery was received that has been due for longest; milliseconds since 1970. */
  readonly oldestPendingAt: number | null;
}

/**
 * Where the deliveries of every listener stand, by name. Looks at what is open or dead, through the indexes of
 * those alone, and at nothing that is done.
 */
export async function listenerStatuses(store: Store, now: number): Promise<ListenerStatus[]> {
  const { builder } = store;
  const [listeners, open, dead, states] = await Promise.all([
    store.read(builder.selectFrom('listeners').selectAll().orderBy('name')),
    store.read(
      builder
        .selectFrom('deliveries')
        .select((eb) => ['listener_id', eb.fn.countAll<number>().as('count')])
        .where('holds', '=', 1)
        .groupBy('listener_id'),
    ),
    store.read(
      builder
        .selectFrom('deliveries')
        .select((eb) => ['listener_id', eb.fn.countAll<number>().as('count')])
        .where('state', '=', 'dead')
        .groupBy('listener_id'),
    ),
    store.read(
      builder
        .selectFrom(
          builder
            .selectFrom('deliveries')
            .select(['listener_id', 'state'])
            .where('holds', '=', 1)
            .limit(SAMPLE)
            .as('d'),
        )
        .select((eb) => ['d.listener_id', 'd.state', eb.fn.countAll<number>().as('count')])
        .groupBy(['d.listener_id', 'd.state']),
    ),
  ]);
  const sampled = states.reduce((sum, { count }) => sum + count, 0);
  const total = open.reduce((sum, { count }) => sum + count, 0);
  // The index is by the hashes of interactions: its first rows are as good as any.
  const scale = sampled < SAMPLE ? 1 : Math.max(1, total / sampled);
  const countOf = (id: number, state: 'running' | 'dead'): number => {
    const row = states.find(({ listener_id: other, state: its }) => other === id && its === state);
    return Math.round((row?.count ?? 0) * scale);
  };
  return Promise.all(
    listeners.map(async ({ id, name, filter, paused, backfill_seq: catchingUpFrom }) => {
      const running = countOf(id, 'running');
      // What is dead and parked holds its line too.
      const holding = open.find(({ listener_id: other }) => other === id)?.count ?? 0;
      return {
        id,
        name,
        filter,
        paused: paused === 1,
        catchingUpFrom,
        waiting: Math.max(0, holding - countOf(id, 'dead') - running),
        running,
        dead: dead.find(({ listener_id: other }) => other === id)?.count ?? 0,
        oldestPendingAt: await oldestDue(store, id, now),
      };
    }),
  );
}

async function oldestDue(store: Store, listenerId: number, now: number): Promise<number | null> {
  const oldest = store.builder
    .selectFrom('deliveries')
    .select('seq')
    .where('listener_id', '=', listenerId)
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .orderBy('seq')
    .limit(1);
  const [row] = await store.read(
    store.builder.selectFrom('events').select('received_at').where('seq', '=', oldest),
  );
  return row?.received_at ?? null;
}

/** Age of the event whose delivery has been due for longest. */
export function lagSeconds({ oldestPendingAt }: ListenerStatus, now: number): number {
  return oldestPendingAt === null ? 0 : Math.max(0, (now - oldestPendingAt) / 1_000);
}
