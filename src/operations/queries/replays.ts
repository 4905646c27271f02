import type { EventFilter } from '../../store/records.js';
import type { Store } from '../../store/store.js';
import { fromEventFilter } from '../api/filter.js';
import type { ReplayDto } from '../replays/replays-read.dto.js';
import type { Slice, SliceRequest } from './slice.js';

/** Replays, the latest first. */
export async function pageOfReplays(
  store: Store,
  { limit, before }: SliceRequest,
): Promise<Slice<ReplayDto>> {
  const query = replays(store).orderBy('r.id', 'desc').limit(limit);
  const rows = await store.read(before === undefined ? query : query.where('r.id', '<', before));
  return { items: rows.map(toReplay), next: rows.length < limit ? undefined : rows.at(-1)?.id };
}

/** One replay. */
export async function replayOf(store: Store, id: number): Promise<ReplayDto | undefined> {
  const [row] = await store.read(replays(store).where('r.id', '=', id));
  return row && toReplay(row);
}

function replays({ builder }: Store) {
  return builder
    .selectFrom('replays as r')
    .innerJoin('listeners as l', 'l.id', 'r.listener_id')
    .select(['r.id', 'l.name as listener', 'r.state', 'r.filter', 'r.replayed'])
    .select(['r.position', 'r.until_seq', 'r.created_at']);
}

function toReplay(row: {
  readonly id: number;
  readonly listener: string;
  readonly state: ReplayDto['state'];
  readonly filter: string;
  readonly replayed: number;
  readonly position: number;
  readonly until_seq: number;
  readonly created_at: number;
}): ReplayDto {
  const { id, listener, state, replayed, position, until_seq: until } = row;
  return {
    id,
    listener,
    state,
    filter: fromEventFilter(JSON.parse(row.filter) as EventFilter) as ReplayDto['filter'],
    replayed,
    progress: state === 'done' || until === 0 ? 1 : Math.min(1, position / until),
    createdAt: new Date(row.created_at).toISOString(),
  };
}
