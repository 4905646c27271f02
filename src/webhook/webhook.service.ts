import { Injectable } from '@nestjs/common';

import { EventService, type ReceivedPayload } from '../events/event.service.js';
import { QUARANTINED } from './events-payload.pipe.js';
import type { EventsResponseDto } from './responses.dto.js';

/** The vendor's code for success. */
const SUCCESS = 0;

/**
 * The story of a webhook: its signature was verified (`SignatureGuard`), its payload checked
 * (`EventsPayloadPipe`), its events are emitted here, which is to say stored, and then it is answered.
 */
@Injectable()
export class WebhookService {
  constructor(private readonly events: EventService) {}

  /**
   * Stores the events of a payload and acknowledges them. 200 means on disk.
   *
   * @throws OverloadedError, StoreUnavailableError when nothing could be stored: the sender tries again.
   */
  async receive(payload: ReceivedPayload | typeof QUARANTINED): Promise<EventsResponseDto> {
    if (payload === QUARANTINED) return acknowledge('kept in quarantine', []);
    const fresh = await this.events.emit(payload);
    return acknowledge(summary(payload.events.length, fresh), payload.events);
  }
}

function acknowledge(message: string, events: ReceivedPayload['events']): EventsResponseDto {
  const ids: { id: string }[] = [];
  for (const { interactionId: id } of events) if (id !== undefined) ids.push({ id });
  return { status: { code: SUCCESS, message }, data: { ids } };
}

function summary(events: number, fresh: number): string {
  const stored = `${fresh} ${fresh === 1 ? 'event' : 'events'} stored`;
  const duplicates = events - fresh;
  return duplicates === 0 ? stored : `${stored}, ${duplicates} known already`;
}
