import { interactionKey } from '../../store/keys.js';
import type { InteractionTable } from '../../store/schema.js';
import type { Store } from '../../store/store.js';
import type {
  InteractionDto,
  InteractionState,
  InteractionTimelineDto,
} from '../interactions/interactions.dto.js';
import { toTime } from './event-deliveries.js';
import { eventsOfInteraction } from './events.js';
import { channels } from './log.js';
import { DISORDER_MS, rangeBetween, seqAt, wholeLog } from './seq-at.js';
import type { Slice, SliceRequest } from './slice.js';

/** Interactions that are read at once, and looked at for one page: its cursor goes on from there. */
const CHUNK = 1_000;
const SCAN = 10_000;
/** Events of one interaction that are shown; it has a handful. */
const EVENT_LIMIT = 500;

/** Picks interactions. */
export interface InteractionFilter {
  readonly state?: InteractionState | undefined;
  readonly channel?: readonly string[] | undefined;
  readonly mediaType?: readonly string[] | undefined;
  /** First heard of at this time or later; milliseconds since 1970. */
  readonly from?: number | undefined;
  /** First heard of before this time. */
  readonly to?: number | undefined;
}

/** Interactions, the latest first. @param stuckBefore what started by then and is open is stuck. */
export async function pageOfInteractions(
  store: Store,
  filter: InteractionFilter,
  stuckBefore: number,
  { limit, before }: SliceRequest,
): Promise<Slice<InteractionDto>> {
  const range = await rangeBetween(store, filter);
  const found: InteractionTable[] = [];
  let to = Math.min(range.to, await endOf(store, filter.state, stuckBefore), before ?? Infinity);
  let size = limit;
  for (let scanned = 0; scanned < SCAN && to > range.from && found.length < limit; size = CHUNK) {
    let chunk = store.builder
      .selectFrom('interactions')
      .selectAll()
      .where('seq', '>=', range.from)
      .where('seq', '<', to)
      .orderBy('seq', 'desc')
      .limit(size);
    // Few of all interactions, by an index of their own.
    if (filter.state === 'open' || filter.state === 'stuck') chunk = chunk.where('finished_at', 'is', null);
    const rows = await store.read(chunk);
    const picked = rows.filter((row) => picks(filter, row, stuckBefore)).slice(0, limit - found.length);
    found.push(...picked);
    scanned += size;
    if (found.length === limit) to = found.at(-1)?.seq ?? to;
    else to = rows.length < size ? range.from : (rows.at(-1)?.seq ?? to);
  }
  return {
    items: found.map((row) => toInteraction(row, stuckBefore)),
    next: to > range.from ? to : undefined,
  };
}

/**
 * The interaction of an id in each channel that knows it.
 *
 * @param stuckBefore as above; `undefined` where nobody keeps the state of interactions.
 */
export async function timelinesOf(
  store: Store,
  interactionId: string,
  channel: string | undefined,
  stuckBefore: number | undefined,
): Promise<InteractionTimelineDto[]> {
  const names = channel === undefined ? await channels(store) : [channel];
  const timelines = await Promise.all(
    names.map(async (name) => {
      const key = interactionKey(name, interactionId);
      const [events, state] = await Promise.all([
        eventsOfInteraction(store, key, EVENT_LIMIT + 1),
        stuckBefore === undefined ? undefined : stateOf(store, key, stuckBefore),
      ]);
      if (events.length === 0) return [];
      const shown = events.slice(0, EVENT_LIMIT);
      const more = events.length > EVENT_LIMIT;
      return [{ interactionId, channel: name, ...UNKNOWN, ...state, events: shown, more }];
    }),
  );
  return timelines.flat();
}

const UNKNOWN = {
  state: null,
  startedAt: null,
  lateStartedAt: null,
  finishedAt: null,
  durationMs: null,
  mediaType: null,
  interactionSubtype: null,
  selfUri: null,
};

async function stateOf(store: Store, key: string, stuckBefore: number): Promise<InteractionDto | undefined> {
  const [row] = await store.read(
    store.builder.selectFrom('interactions').selectAll().where('interaction_key', '=', key),
  );
  return row && toInteraction(row, stuckBefore);
}

/** What is stuck is old: what is too young need not be looked at. */
async function endOf(
  store: Store,
  state: InteractionState | undefined,
  stuckBefore: number,
): Promise<number> {
  if (state !== 'stuck') return Infinity;
  return seqAt(store, stuckBefore + DISORDER_MS, await wholeLog(store));
}

function picks(filter: InteractionFilter, row: InteractionTable, stuckBefore: number): boolean {
  const { state, channel, mediaType, from = -Infinity, to = Infinity } = filter;
  const heardOf = row.started_at ?? row.finished_at ?? row.late_started_at ?? 0;
  return (
    (state === undefined || stateOfRow(row, stuckBefore) === state) &&
    (channel === undefined || channel.includes(row.channel)) &&
    (mediaType === undefined || (row.media_type !== null && mediaType.includes(row.media_type))) &&
    heardOf >= from &&
    heardOf < to
  );
}

function stateOfRow(row: InteractionTable, stuckBefore: number): InteractionState {
  // A STARTED is late because the log has the FINISHED, whether or not that one was delivered.
  if (row.finished_at !== null || row.late_started_at !== null) return 'finished';
  return row.started_at !== null && row.started_at <= stuckBefore ? 'stuck' : 'open';
}

function toInteraction(row: InteractionTable, stuckBefore: number): InteractionDto {
  const { started_at: started, finished_at: finished } = row;
  return {
    interactionId: row.interaction_id,
    channel: row.channel,
    state: stateOfRow(row, stuckBefore),
    startedAt: toTime(started),
    lateStartedAt: toTime(row.late_started_at),
    finishedAt: toTime(finished),
    // The clock of a machine can be set back in between.
    durationMs: started === null || finished === null ? null : Math.max(0, finished - started),
    mediaType: row.media_type,
    interactionSubtype: row.interaction_subtype,
    selfUri: row.self_uri,
  };
}
