import type { Store } from '../../store/store.js';
import type { DeliveryGroupDto, DeliveryGroupsDto } from '../deliveries/deliveries-read.dto.js';
import { firstLine } from '../api/filter.js';
import { listenerIds } from './deliveries.js';

/** Dead deliveries of a listener that are counted, and those of one question. */
const SCAN = 100_000;
const WINDOW = 10_000;
const GROUP_LIMIT = 500;

/** Dead deliveries by listener and the first line of their error, the largest group first. */
export async function groupDeadDeliveries(store: Store, listener?: string): Promise<DeliveryGroupsDto> {
  const groups = new Map<string, DeliveryGroupDto>();
  let complete = true;
  for (const id of await listenerIds(store, listener)) {
    let before = Number.MAX_SAFE_INTEGER;
    for (let scanned = 0; scanned < SCAN && before > 0; scanned += WINDOW) {
      const { rows, reached } = await readWindow(store, id, before);
      for (const row of rows) add(groups, row);
      before = reached;
    }
    complete &&= before === 0;
  }
  const items = [...groups.values()].toSorted((a, b) => b.count - a.count).slice(0, GROUP_LIMIT);
  return { items, complete };
}

/** The next dead deliveries of a listener downwards, and where they end: 0, when there are no more. */
async function readWindow(store: Store, listenerId: number, before: number) {
  const window = store.builder
    .selectFrom('deliveries')
    .select(['seq', 'listener_id', 'last_error'])
    .where('state', '=', 'dead')
    .where('listener_id', '=', listenerId)
    .where('seq', '<', before)
    .orderBy('seq', 'desc')
    .limit(WINDOW);
  const rows = await store.read(
    store.builder
      .selectFrom(window.as('d'))
      .innerJoin('listeners as l', 'l.id', 'd.listener_id')
      .select(['l.name as listener', 'd.last_error'])
      .select((eb) => [
        eb.fn.countAll<number>().as('count'),
        eb.fn.min('d.seq').as('first'),
        eb.fn.max('d.seq').as('last'),
      ])
      .groupBy(['l.name', 'd.last_error']),
  );
  const scanned = rows.reduce((sum, { count }) => sum + count, 0);
  return { rows, reached: scanned < WINDOW ? 0 : Math.min(...rows.map(({ first }) => first)) };
}

function add(
  groups: Map<string, DeliveryGroupDto>,
  row: { listener: string; last_error: string | null; count: number; first: number; last: number },
): void {
  const error = firstLine(row.last_error ?? '');
  const key = JSON.stringify([row.listener, error]);
  const group = groups.get(key);
  if (group === undefined) {
    const { listener, count, first: firstSeq, last: lastSeq } = row;
    groups.set(key, { listener, error, count, firstSeq, lastSeq });
    return;
  }
  group.count += row.count;
  group.firstSeq = Math.min(group.firstSeq, row.first);
  group.lastSeq = Math.max(group.lastSeq, row.last);
}
