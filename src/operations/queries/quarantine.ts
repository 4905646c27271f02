import type { Store } from '../../store/store.js';
import { toBody } from '../api/body.js';
import type {
  QuarantineDetailDto,
  QuarantineGroupDto,
  QuarantineItemDto,
  QuarantineState,
} from '../quarantine/quarantine-read.dto.js';
import type { Slice, SliceRequest } from './slice.js';

/** Held payloads that are counted by their faults. */
const GROUP_SCAN = 20_000;
const GROUP_LIMIT = 500;

const COLUMNS = ['id', 'channel', 'trace_id', 'errors', 'times', 'first_at', 'last_at', 'state'] as const;

/** Picks payloads in quarantine. */
export interface QuarantineSearch {
  readonly state?: QuarantineState | undefined;
  readonly channel?: readonly string[] | undefined;
  /** One of its faults. */
  readonly error?: string | undefined;
}

/** Payloads in quarantine, those that came first last. */
export async function pageOfQuarantine(
  store: Store,
  { state, channel, error }: QuarantineSearch,
  { limit, before }: SliceRequest,
): Promise<Slice<QuarantineItemDto>> {
  // Which faults a payload has is not for SQL to find out: so many are read, and those that have it are told.
  const read = error === undefined ? limit : GROUP_SCAN;
  let query = payloads(store).orderBy('id', 'desc').limit(read);
  if (state !== undefined) query = query.where('state', '=', state);
  if (channel !== undefined) query = query.where('channel', 'in', channel);
  if (before !== undefined) query = query.where('id', '<', before);
  const rows = await store.read(query);
  const items = rows.map(toItem).filter(({ errors }) => error === undefined || errors.includes(error));
  const last = items.length > limit ? items[limit - 1] : rows.length < read ? undefined : rows.at(-1);
  return { items: items.slice(0, limit), next: last?.id };
}

/** One payload with its bytes. @param bodyVisible whether they may be read. */
export async function quarantineDetail(
  store: Store,
  id: number,
  bodyVisible: boolean,
): Promise<QuarantineDetailDto | undefined> {
  const [row] = await store.read(payloads(store).select('body').where('id', '=', id));
  return row && { ...toItem(row), ...toBody(row.body, bodyVisible) };
}

/** What is wrong with the payloads that are held, and with how many of them. */
export async function groupQuarantine(store: Store): Promise<QuarantineGroupDto[]> {
  const rows = await store.read(
    store.builder
      .selectFrom('quarantine')
      .select('errors')
      .where('state', '=', 'held')
      .orderBy('id', 'desc')
      .limit(GROUP_SCAN),
  );
  const counts = new Map<string, number>();
  for (const { errors } of rows) {
    for (const error of new Set(JSON.parse(errors) as string[])) {
      counts.set(error, (counts.get(error) ?? 0) + 1);
    }
  }
  const groups = [...counts].map(([error, count]) => ({ error, count }));
  return groups.toSorted((a, b) => b.count - a.count).slice(0, GROUP_LIMIT);
}

/** How many payloads are held. */
export async function countHeld(store: Store): Promise<number> {
  const [row] = await store.read(
    store.builder
      .selectFrom('quarantine')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('state', '=', 'held'),
  );
  return row?.count ?? 0;
}

function payloads({ builder }: Store) {
  return builder
    .selectFrom('quarantine')
    .select(COLUMNS)
    .select((eb) => eb.fn<number>('length', ['body']).as('size'));
}

function toItem(row: {
  readonly id: number;
  readonly channel: string;
  readonly trace_id: string | null;
  readonly errors: string;
  readonly times: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly state: QuarantineState;
  readonly size: number;
}): QuarantineItemDto {
  return {
    id: row.id,
    channel: row.channel,
    errors: JSON.parse(row.errors) as string[],
    times: row.times,
    firstAt: new Date(row.first_at).toISOString(),
    lastAt: new Date(row.last_at).toISOString(),
    state: row.state,
    size: row.size,
    traceId: row.trace_id,
  };
}
