import type { ReceivedPayload } from '../events/event.service.js';
import type { EventDto, EventsPayloadDto } from './events-payload.dto.js';
import type { SignedRequest } from './signed-request.js';

/** A verified request and its valid payload, in the service's words. `null` is as good as absent. */
export function toReceivedPayload(request: SignedRequest, payload: EventsPayloadDto): ReceivedPayload {
  return {
    ...request,
    operationId: payload.operationId ?? undefined,
    events: (payload.data?.entities ?? []).map(toEventFields),
  };
}

function toEventFields({ event, entity }: EventDto): ReceivedPayload['events'][number] {
  return {
    type: event ?? undefined,
    interactionId: entity?.id ?? undefined,
    mediaType: entity?.mediaType ?? undefined,
    interactionSubtype: entity?.interactionSubtype ?? undefined,
    selfUri: entity?.selfUri ?? undefined,
  };
}
