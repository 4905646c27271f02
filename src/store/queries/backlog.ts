import type { Store } from '../store.js';

/** Counting stops here, so that to look at a backlog never takes long: what is more is too much anyhow. */
const COUNT_LIMIT = 50_000;

/** What waits for a listener. */
export interface ListenerBacklog {
  readonly name: string;
  readonly paused: boolean;
  /** Deliveries that are not over, and those parked; of all listeners together {@link COUNT_LIMIT} are counted. */
  readonly open: number;
  readonly dead: number;
  /** Since when the delivery that is due longest is due; in the future while all wait for a retry. */
  readonly oldestDueAt: number | undefined;
  /** When its event was received. */
  readonly oldestReceivedAt: number | undefined;
}

/** What waits for each listener that deliveries are made for. Looks at open and dead deliveries alone. */
export async function listenerBacklogs(store: Store): Promise<ListenerBacklog[]> {
  const { builder } = store;
  const listeners = builder.selectFrom('listeners as l').select((q) => {
    const dead = q
      .selectFrom('deliveries')
      .select('seq')
      .whereRef('listener_id', '=', 'l.id')
      .where('state', '=', 'dead')
      .limit(COUNT_LIMIT);
    const oldest = q
      .selectFrom('deliveries as d')
      .innerJoin('events as e', 'e.seq', 'd.seq')
      .whereRef('d.listener_id', '=', 'l.id')
      .where('d.due_at', 'is not', null)
      .orderBy('d.due_at')
      .limit(1);
    return [
      'l.id',
      'l.name',
      'l.paused',
      q
        .selectFrom(dead.as('dead'))
        .select((d) => d.fn.countAll<number>().as('count'))
        .as('dead'),
      oldest.select('d.due_at').as('due_at'),
      oldest.select('e.received_at').as('received_at'),
    ];
  });
  const open = builder
    .selectFrom((q) =>
      q.selectFrom('deliveries').select('listener_id').where('holds', '=', 1).limit(COUNT_LIMIT).as('open'),
    )
    .select((q) => ['listener_id', q.fn.countAll<number>().as('count')])
    .groupBy('listener_id');
  const [rows, counts] = await Promise.all([store.read(listeners), store.read(open)]);
  const openOf = new Map(counts.map(({ listener_id: id, count }) => [id, count]));
  return rows.map((row) => ({
    name: row.name,
    paused: row.paused === 1,
    open: openOf.get(row.id) ?? 0,
    dead: row.dead ?? 0,
    oldestDueAt: row.due_at ?? undefined,
    oldestReceivedAt: row.received_at ?? undefined,
  }));
}

/** How many payloads are in quarantine, counted up to {@link COUNT_LIMIT}. */
export async function heldPayloads(store: Store): Promise<number> {
  const held = store.builder
    .selectFrom((q) =>
      q.selectFrom('quarantine').select('id').where('state', '=', 'held').limit(COUNT_LIMIT).as('held'),
    )
    .select((q) => q.fn.countAll<number>().as('count'));
  const [row] = await store.read(held);
  return row?.count ?? 0;
}

/**
 * How many interactions are open, and how many of them are stuck, among the {@link COUNT_LIMIT} that are open
 * longest.
 *
 * @param stuckBefore those that started by then are stuck; milliseconds since 1970.
 */
export async function openInteractions(
  store: Store,
  stuckBefore: number,
): Promise<{ readonly open: number; readonly stuck: number }> {
  const counts = store.builder
    .selectFrom((q) =>
      q
        .selectFrom('interactions')
        .select('started_at')
        .where('finished_at', 'is', null)
        .orderBy('seq')
        .limit(COUNT_LIMIT)
        .as('open'),
    )
    .select((q) => [
      q.fn.countAll<number>().as('open'),
      q.fn.countAll<number>().filterWhere('started_at', '<=', stuckBefore).as('stuck'),
    ]);
  const [row] = await store.read(counts);
  return { open: row?.open ?? 0, stuck: row?.stuck ?? 0 };
}
