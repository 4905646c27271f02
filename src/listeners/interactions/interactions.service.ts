import { Injectable } from '@nestjs/common';

import type { InteractionsConfig } from '../../config/listener-config.js';
import type { Clock } from '../../events/clock.js';
import { interactionKey } from '../../store/keys.js';
import type { InteractionTable } from '../../store/schema.js';
import type { Store } from '../../store/store.js';

/** What is known of an interaction. Times are those at which its events were received. */
export interface Interaction {
  /** Position of its first event in the log: later interactions have larger numbers. */
  readonly seq: number;
  readonly interactionId: string;
  readonly channel: string;
  readonly state: 'started' | 'finished';
  /** `undefined` where no STARTED came before the FINISHED. */
  readonly startedAt: Date | undefined;
  /** When a STARTED came after the FINISHED: a late one, which reopens nothing. */
  readonly lateStartedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Milliseconds from the STARTED to the FINISHED, where both came in this order. */
  readonly durationMs: number | undefined;
  /** Finished, and no STARTED ever came. */
  readonly missingStart: boolean;
  /** Started, and not finished within `INTERACTIONS_STUCK_AFTER`. */
  readonly stuck: boolean;
  readonly mediaType: string | undefined;
  readonly interactionSubtype: string | undefined;
  readonly selfUri: string | undefined;
}

/** Which interactions {@link InteractionsService.list} gives. */
export type InteractionSelection = 'all' | 'started' | 'stuck' | 'finished' | 'late-start' | 'missing-start';

/**
 * Answers questions about interactions, from what the listener `interactions` has kept.
 *
 * @example
 * for (const { interactionId, startedAt } of await interactions.list('stuck')) { … }
 */
@Injectable()
export class InteractionsService {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly config: InteractionsConfig,
  ) {}

  /** One interaction, or `undefined` where no event of it has been seen. */
  async find(interactionId: string, channel = 'default'): Promise<Interaction | undefined> {
    const [row] = await this.store.query(
      this.store.builder
        .selectFrom('interactions')
        .selectAll()
        .where('interaction_key', '=', interactionKey(channel, interactionId)),
    );
    return row === undefined ? undefined : toInteraction(row, this.stuckBefore());
  }

  /**
   * Interactions, the latest first.
   *
   * @param page at most `limit`, and only those before the `seq` of the last one of the page before.
   */
  async list(
    selection: InteractionSelection = 'all',
    { limit = 100, before = Number.MAX_SAFE_INTEGER } = {},
  ): Promise<Interaction[]> {
    const stuckBefore = this.stuckBefore();
    const page = this.store.builder
      .selectFrom('interactions')
      .selectAll()
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit);
    const open = page.where('finished_at', 'is', null).where('late_started_at', 'is', null);
    const queries: Record<InteractionSelection, typeof page> = {
      all: page,
      started: open,
      stuck: open.where('started_at', '<=', stuckBefore),
      finished: page.where((q) =>
        q.or([q('finished_at', 'is not', null), q('late_started_at', 'is not', null)]),
      ),
      'late-start': page.where('late_started_at', 'is not', null),
      'missing-start': page.where('started_at', 'is', null).where('late_started_at', 'is', null),
    };
    const rows = await this.store.query(queries[selection]);
    return rows.map((row) => toInteraction(row, stuckBefore));
  }

  private stuckBefore(): number {
    return this.clock.now() - this.config.stuckAfterMs;
  }
}

function toInteraction(row: InteractionTable, stuckBefore: number): Interaction {
  const { started_at: started, late_started_at: lateStarted, finished_at: finished } = row;
  // A STARTED is late because the log has the FINISHED, whether or not that one was delivered.
  const over = finished !== null || lateStarted !== null;
  return {
    seq: row.seq,
    interactionId: row.interaction_id,
    channel: row.channel,
    state: over ? 'finished' : 'started',
    startedAt: toDate(started),
    lateStartedAt: toDate(lateStarted),
    finishedAt: toDate(finished),
    // The clock of a machine can be set back in between.
    durationMs: started === null || finished === null ? undefined : Math.max(0, finished - started),
    missingStart: started === null && lateStarted === null,
    stuck: !over && started !== null && started <= stuckBefore,
    mediaType: row.media_type ?? undefined,
    interactionSubtype: row.interaction_subtype ?? undefined,
    selfUri: row.self_uri ?? undefined,
  };
}

function toDate(millis: number | null): Date | undefined {
  return millis === null ? undefined : new Date(millis);
}
