import { CloudEvent } from 'cloudevents';

import type { InteractionEvent } from '../../events/interaction-event.js';

/** What a forwarded event carries as `data`. Fields that the vendor did not send are absent. */
export type ForwardedData = Partial<
  Pick<InteractionEvent, 'interactionId' | 'mediaType' | 'interactionSubtype' | 'selfUri' | 'operationId'>
> &
  Pick<InteractionEvent, 'channel' | 'late'> & { readonly event?: string; readonly traceId?: string };

/**
 * An event as a CloudEvent.
 *
 * @param id unique and the same for every attempt: what a receiver knows a repetition by.
 * @param webhookPath path on which the event came, of which `source` is made.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export function toCloudEvent(
  event: InteractionEvent,
  id: string,
  webhookPath: string,
): CloudEvent<ForwardedData> {
  const { type, interactionId, channel, receivedAt } = event;
  return new CloudEvent<ForwardedData>({
    id,
    source: `${webhookPath}/${channel}`,
    type: ['com.genesys.interaction', type?.toLowerCase()].filter(Boolean).join('.'),
    // The vendor's ids may be empty; `subject` may not.
    ...(interactionId ? { subject: interactionId } : {}),
    time: receivedAt.toISOString(),
    datacontenttype: 'application/json',
    data: {
      event: type,
      interactionId,
      mediaType: event.mediaType,
      interactionSubtype: event.interactionSubtype,
      selfUri: event.selfUri,
      operationId: event.operationId,
      channel,
      late: event.late,
      traceId: event.traceId,
    },
  });
}
