import { Inject, Injectable } from '@nestjs/common';

import type { InteractionEvent } from '../../events/interaction-event.js';
import { OnInteraction } from '../../events/on-interaction.decorator.js';
import { interactionKey } from '../../store/keys.js';
import { Store } from '../../store/store.js';

/**
 * Keeps one row for each interaction: a projection of its events.
 *
 * Deliveries can be repeated, and a dead one can be retried long after what came behind it. So a row only ever
 * takes the earliest of each time, and what was unknown before: it becomes the same however often and in
 * whatever order its events come, and nothing reopens it.
 */
@Injectable()
export class InteractionsListener {
  constructor(@Inject(Store) private readonly store: Store) {}

  @OnInteraction({ name: 'interactions', event: ['STARTED', 'FINISHED'] }, { from: 'beginning' })
  async project(event: InteractionEvent): Promise<void> {
    const { type, interactionId, channel, seq, late } = event;
    // Nothing to keep a row for.
    if (interactionId === undefined) return;
    const at = event.receivedAt.getTime();
    const row = {
      interaction_key: interactionKey(channel, interactionId),
      interaction_id: interactionId,
      channel,
      seq,
      started_at: type === 'STARTED' && !late ? at : null,
      late_started_at: type === 'STARTED' && late ? at : null,
      finished_at: type === 'FINISHED' ? at : null,
      media_type: event.mediaType ?? null,
      interaction_subtype: event.interactionSubtype ?? null,
      self_uri: event.selfUri ?? null,
    };
    const upsert = this.store.builder
      .insertInto('interactions')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('interaction_key').doUpdateSet((eb) => {
          const earliest = (column: 'seq' | 'started_at' | 'late_started_at' | 'finished_at') =>
            eb
              .case()
              .when(`excluded.${column}`, '<', eb.ref(`interactions.${column}`))
              .then(eb.ref(`excluded.${column}`))
              .else(eb.fn.coalesce(`interactions.${column}`, `excluded.${column}`))
              .end();
          const known = (column: 'media_type' | 'interaction_subtype' | 'self_uri') =>
            eb.fn.coalesce(`interactions.${column}`, `excluded.${column}`);
          return {
            seq: earliest('seq').$notNull(),
            started_at: earliest('started_at'),
            late_started_at: earliest('late_started_at'),
            finished_at: earliest('finished_at'),
            media_type: known('media_type'),
            interaction_subtype: known('interaction_subtype'),
            self_uri: known('self_uri'),
          };
        }),
      );
    await this.store.query(upsert);
  }
}
