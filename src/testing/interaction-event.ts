import { randomUUID } from 'node:crypto';

import { DEFAULT_CHANNEL } from '../config/app-config.js';
import type { InteractionEvent } from '../events/interaction-event.js';

let lastSeq = 0;

/**
 * An event as a listener gets it. What is left out is that of a new chat that STARTED; a field can be
 * given as `undefined`, as every field that the vendor sends can be missing.
 *
 * @example
 * interactionEvent({ type: 'FINISHED', mediaType: 'email', interactionId: '8e09e19f' });
 */
export function interactionEvent(fields: Partial<InteractionEvent> = {}): InteractionEvent {
  return {
    seq: ++lastSeq,
    type: 'STARTED',
    interactionId: randomUUID(),
    mediaType: 'chat',
    interactionSubtype: 'InboundNew',
    selfUri: undefined,
    operationId: randomUUID(),
    channel: DEFAULT_CHANNEL,
    late: false,
    traceId: undefined,
    receivedAt: new Date(),
    ...fields,
  };
}

/** The body of a webhook, as the vendor's page describes it. */
export interface InteractionPayload {
  readonly operationId: string | undefined;
  readonly data: {
    readonly entities: readonly {
      readonly event: string | undefined;
      readonly entity: {
        readonly id: string | undefined;
        readonly mediaType: string | undefined;
        readonly interactionSubtype: string | undefined;
        readonly selfUri: string | undefined;
      };
    }[];
  };
}

/**
 * The body with which the vendor would send these events, in one request. What the vendor does not send
 * (`seq`, `channel`, `late`, `traceId`, `receivedAt`) is not in it; its operation is that of the first event.
 *
 * @example
 * const event = interactionEvent();
 * await service.post(interactionPayload(event, { ...event, type: 'FINISHED' }));
 */
export function interactionPayload(...events: readonly InteractionEvent[]): InteractionPayload {
  return {
    operationId: events[0]?.operationId,
    data: {
      entities: events.map(({ type, interactionId, mediaType, interactionSubtype, selfUri }) => ({
        event: type,
        entity: { id: interactionId, mediaType, interactionSubtype, selfUri },
      })),
    },
  };
}
