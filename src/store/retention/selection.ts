/** Which old events one step of the retention looks at: the same on both engines. */

import { sql, type Kysely } from 'kysely';

import type { Operations } from '../operations.js';
import type { Schema } from '../schema.js';

/** Events of one transaction. With deliveries and receipt, each is some three to five rows. */
const BATCH = 100;

/** An event that is to be looked at. */
export interface OldEvent {
  readonly seq: number;
  readonly receipt_id: number;
  readonly interaction_key: string;
  readonly received_at: number;
}

/** Where the retention is, and how far it may go. */
export function selectPlace(db: Kysely<Schema>) {
  return db.selectFrom('retention').select((q) => [
    'position',
    'kept_position',
    q
      .selectFrom('events')
      .select((e) => e.fn.max('seq').as('seq'))
      .as('last'),
    q
      .selectFrom('listeners')
      .select((l) => l.fn.min('backfill_seq').as('seq'))
      .as('backfilled'),
    q
      .selectFrom('replays')
      .select((r) => r.fn.min('position').as('seq'))
      .where('state', '=', 'running')
      .as('replayed'),
  ]);
}

interface Place {
  readonly last: number | null;
  readonly backfilled: number | null;
  readonly replayed: number | null;
}

/**
 * The last event that may go: what a replay or a late listener has still to look at stays, and so does the end
 * of the log, since SQLite would give its number to the next event.
 */
export function limitOf({ last, backfilled, replayed }: Place): number {
  return Math.min((last ?? 0) - 1, backfilled ?? Infinity, replayed ?? Infinity);
}

/** The next events, in the order of the log: of all, or of those that could not go when they were looked at. */
export function selectOld(
  db: Kysely<Schema>,
  { part, after, limit }: { part: 'log' | 'kept'; after: number; limit: number },
) {
  const query = db
    .selectFrom('events as e')
    .select(['e.seq', 'e.receipt_id', 'e.interaction_key', 'e.received_at'])
    .limit(sql.lit(BATCH));
  if (part === 'log') return query.where('e.seq', '>', after).where('e.seq', '<=', limit).orderBy('e.seq');
  return query
    .innerJoin('retention_kept as k', 'k.seq', 'e.seq')
    .where('k.seq', '>', after)
    .where('k.seq', '<=', limit)
    .orderBy('k.seq');
}

/** What is to be done with the events that were looked at. */
export interface Step {
  /** The last one that is dealt with. */
  readonly reached: number;
  /** Those that go, if nothing is left to do for them. */
  readonly old: readonly OldEvent[];
  /** Whether there may be more. */
  readonly more: boolean;
}

/**
 * Goes through events up to the first that is too young. One from the future, from when a clock was wrong, is
 * none: it would hold up all that came after it.
 *
 * @returns undefined where there is nothing to do.
 */
export function plan(
  events: readonly OldEvent[],
  { part, before, now }: Operations['retain']['args'],
): Step | undefined {
  const young =
    part === 'kept'
      ? -1
      : events.findIndex((event) => event.received_at >= before && event.received_at <= now);
  const seen = young === -1 ? events : events.slice(0, young);
  const last = seen.at(-1);
  if (last === undefined) return undefined;
  const old = seen.filter((event) => event.received_at < before);
  return { reached: last.seq, old, more: young === -1 && events.length === BATCH };
}
