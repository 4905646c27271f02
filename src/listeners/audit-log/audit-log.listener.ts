import { Injectable, Logger } from '@nestjs/common';

import type { Delivery } from '../../events/delivery.js';
import type { InteractionEvent } from '../../events/interaction-event.js';
import { OnInteraction } from '../../events/on-interaction.decorator.js';

/** Logs every event: who called when, told from the logs alone. */
@Injectable()
export class AuditLogListener {
  private readonly logger = new Logger('AuditLog');

  @OnInteraction({ name: 'audit-log' })
  log(event: InteractionEvent, delivery: Delivery): void {
    const { type, interactionId, mediaType, interactionSubtype, channel, late } = event;
    this.logger.log(
      { type, interactionId, mediaType, interactionSubtype, channel, late, delivery: delivery.id },
      `Interaction ${interactionId ?? '(no id)'} ${type ?? '(no type)'}`,
    );
  }
}
