import type { DeliveryState } from '../../store/schema.js';
import type { Store } from '../../store/store.js';
import type { AttemptDto, DeliveryDto, DeliveryStateDto } from '../events/events.dto.js';

/** What {@link toDeliveryState} needs of a row. */
export const DELIVERY_COLUMNS = [
  'd.seq',
  'l.name as listener',
  'd.state',
  'd.attempt',
  'd.due_at',
  'd.started_at',
  'd.duration',
  'd.last_error',
] as const;

/** A row of {@link DELIVERY_COLUMNS}. */
export interface DeliveryRow {
  readonly listener: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly due_at: number | null;
  readonly started_at: number | null;
  readonly duration: number | null;
  readonly last_error: string | null;
}

export function toDeliveryState(row: DeliveryRow): DeliveryStateDto {
  return {
    listener: row.listener,
    state: row.state,
    attempt: row.attempt,
    dueAt: toTime(row.due_at),
    startedAt: toTime(row.started_at),
    durationMs: row.duration,
    error: row.last_error,
  };
}

/** Every delivery of some events, with every attempt that is over. */
export async function deliveriesOf(
  store: Store,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, DeliveryDto[]>> {
  if (seqs.length === 0) return new Map();
  const { builder } = store;
  const [deliveries, attempts] = await Promise.all([
    store.read(
      builder
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .select(DELIVERY_COLUMNS)
        .where('d.seq', 'in', seqs)
        .orderBy('d.seq')
        .orderBy('l.name'),
    ),
    store.read(
      builder
        .selectFrom('attempts as a')
        .innerJoin('listeners as l', 'l.id', 'a.listener_id')
        .select(['a.seq', 'l.name as listener', 'a.attempt', 'a.outcome', 'a.error'])
        .select(['a.started_at', 'a.duration'])
        .where('a.seq', 'in', seqs)
        .orderBy('a.attempt'),
    ),
  ]);
  const failed = Map.groupBy(attempts, ({ seq, listener }) => `${seq} ${listener}`);
  const found = new Map<number, DeliveryDto[]>(seqs.map((seq) => [seq, []]));
  for (const row of deliveries) {
    const before = failed.get(`${row.seq} ${row.listener}`) ?? [];
    const all = [...before.map(toAttempt), ...succeeded(row)];
    found.get(row.seq)?.push({ ...toDeliveryState(row), attempts: all });
  }
  return found;
}

function toAttempt(row: {
  readonly attempt: number;
  readonly outcome: AttemptDto['outcome'];
  readonly error: string | null;
  readonly started_at: number;
  readonly duration: number;
}): AttemptDto {
  return {
    attempt: row.attempt,
    outcome: row.outcome,
    error: row.error,
    startedAt: new Date(row.started_at).toISOString(),
    durationMs: row.duration,
  };
}

/** The attempt that succeeded is in the delivery itself. */
function succeeded({ state, attempt, started_at: startedAt, duration }: DeliveryRow): AttemptDto[] {
  if (state !== 'done' || startedAt === null || duration === null) return [];
  return [toAttempt({ attempt, outcome: 'done', error: null, started_at: startedAt, duration })];
}

/** Milliseconds since 1970 as ISO 8601. */
export function toTime(millis: number | null): string | null {
  return millis === null ? null : new Date(millis).toISOString();
}
