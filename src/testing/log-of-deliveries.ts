import type { Store } from '../store/store.js';

/** How a delivery ended, or stands. */
export interface SettledDelivery {
  /** Name of the listener. */
  readonly listener: string;
  /** Position of the event in the log: the first event of a new service is 1. */
  readonly seq: number;
  readonly interactionId: string | undefined;
  /** Type of the event. */
  readonly type: string | undefined;
  readonly state: 'blocked' | 'pending' | 'running' | 'done' | 'dead' | 'discarded';
  /** Attempts that were begun. */
  readonly attempts: number;
  /** Why the last attempt failed, with its stack. */
  readonly lastError: string | undefined;
}

/** Reads in the store how deliveries stand. */
export class LogOfDeliveries {
  constructor(private readonly store: Store) {}

  /** All deliveries, in the order of the events. */
  async all(): Promise<SettledDelivery[]> {
    const rows = await this.store.query(
      this.store.builder
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .innerJoin('events as e', 'e.seq', 'd.seq')
        .select(['l.name as listener', 'd.seq', 'e.interaction_id', 'e.type', 'd.state', 'd.attempt'])
        .select('d.last_error')
        .orderBy('d.seq')
        .orderBy('l.name'),
    );
    return rows.map(({ listener, seq, interaction_id, type, state, attempt, last_error }) => ({
      listener,
      seq,
      interactionId: interaction_id ?? undefined,
      type: type ?? undefined,
      state,
      attempts: attempt,
      lastError: last_error ?? undefined,
    }));
  }

  /** What runs, is due, or is yet to be made due, in words. */
  async busy(now: number): Promise<string[]> {
    const { builder } = this.store;
    // What makes deliveries due first, and then those: one that has just ended has made all of its own by then.
    const behind = await this.store.query(
      builder.selectFrom('listeners').select('name').where('backfill_seq', 'is not', null),
    );
    const replays = await this.store.query(
      builder.selectFrom('replays').select('id').where('state', '=', 'running'),
    );
    const open = await this.store.query(
      builder
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .select(['l.name', 'd.seq', 'd.state'])
        .where((q) => q.or([q('d.state', '=', 'running'), q('d.due_at', '<=', now)]))
        .where('l.paused', '=', 0),
    );
    return [
      ...open.map(({ name, seq, state }) => `${name} has event ${seq} ${state}`),
      ...behind.map(({ name }) => `${name} catches up from the beginning`),
      ...replays.map(({ id }) => `replay ${id} runs`),
    ];
  }

  /** When the next retry falls due, if there is one; milliseconds since 1970. */
  async nextDue(): Promise<number | undefined> {
    const [row] = await this.store.query(
      this.store.builder
        .selectFrom('deliveries as d')
        .innerJoin('listeners as l', 'l.id', 'd.listener_id')
        .select((q) => q.fn.min('d.due_at').as('due'))
        .where('l.paused', '=', 0),
    );
    return row?.due ?? undefined;
  }
}
