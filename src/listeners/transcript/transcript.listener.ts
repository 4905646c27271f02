import { Injectable, Logger } from '@nestjs/common';

import type { Delivery } from '../../events/delivery.js';
import type { InteractionEvent } from '../../events/interaction-event.js';
import { OnInteraction } from '../../events/on-interaction.decorator.js';
import { TranscriptClient } from './transcript.client.js';
import { TranscriptService } from './transcript.service.js';

/** Fetches the data of an interaction once it has finished, and stores it beside the event. */
@Injectable()
export class TranscriptListener {
  private readonly logger = new Logger('Transcript');

  constructor(
    private readonly client: TranscriptClient,
    private readonly transcripts: TranscriptService,
  ) {}

  // 404 is a failure like others: Nexus may have the data a little later than it sends the event.
  @OnInteraction({ name: 'transcript', event: 'FINISHED' }, { baseDelayMs: 2_000, timeoutMs: 30_000 })
  async store(event: InteractionEvent, delivery: Delivery): Promise<void> {
    const { seq, interactionId, channel, selfUri } = event;
    if (interactionId === undefined || !selfUri) {
      this.logger.debug(`Event ${seq} does not say where its transcript is`);
      return;
    }
    const fetched = await this.client.fetch(selfUri, delivery.signal);
    await this.transcripts.save({ seq, interactionId, channel, ...fetched, fetchedAt: Date.now() });
  }
}
