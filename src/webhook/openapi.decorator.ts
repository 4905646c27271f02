import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';

import { REFUSALS, refusalBody, type Refusal } from '../http/answers.js';
import { EventsPayloadDto } from './events-payload.dto.js';
import { ErrorResponseDto, EventsResponseDto } from './responses.dto.js';

const OPERATION_ID = 'f6c49d91-926b-4473-b2f3-8d8fd295c968';
const CHAT = { mediaType: 'chat', interactionSubtype: 'InboundNew' };
const FINISHED_CHAT = {
  id: '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176',
  ...CHAT,
  selfUri:
    'NexusURL/nexus/v3/chat/sessions/49a0ed5c-77b8-4091-a0c2-1d904ff709b0/8e09e19f-b8ba-4db0-b6e7-dfc8a7776176',
};

/** Payloads to try; the last one is the sample of the vendor's page. */
const PAYLOADS = {
  finished: {
    summary: 'A chat is finished',
    value: { operationId: OPERATION_ID, data: { entities: [{ event: 'FINISHED', entity: FINISHED_CHAT }] } },
  },
  several: {
    summary: 'One chat is finished, another started',
    value: {
      operationId: OPERATION_ID,
      data: {
        entities: [
          { event: 'FINISHED', entity: FINISHED_CHAT },
          {
            event: 'STARTED',
            entity: { id: '2f1c7a30-5a53-4b1c-9f0e-3c1f0f5d7a11', ...CHAT },
          },
        ],
      },
    },
  },
  empty: {
    summary: 'An event that says nothing: every field is optional',
    value: { operationId: OPERATION_ID, data: { entities: [{}] } },
  },
};

/** An answer that is not 200, with an example of its body, and what its header means where it has one. */
function refused(description: string, refusal: Refusal, headers?: Record<string, string>): MethodDecorator {
  const described = Object.entries(headers ?? {}).map(([name, meaning]) => [
    name,
    { description: meaning, schema: { type: 'string' } },
  ]);
  return ApiResponse({
    status: refusal.status,
    description,
    type: ErrorResponseDto,
    example: refusalBody(refusal),
    ...(headers && { headers: Object.fromEntries(described) as Record<string, object> }),
  });
}

/** The vendor's page about the operation, in our own words, and the answers that are ours. */
export const ApiWebhook = (): MethodDecorator =>
  applyDecorators(
    ApiTags('Interactions Webhook'),
    ApiOperation({
      summary: 'Send interaction state change events',
      description: [
        'Tells that interactions were STARTED (created in Universal Contact Server and submitted to an interaction queue) or FINISHED (processing stopped by Agent Desktop or the workflow).',
        'Answered 200 once every event is on disk; anything else means that no event was stored, and the vendor sends them again. What was stored already is answered 200 too, and has no second effect.',
        'To try it here, sign the body exactly as it stands in the field below: save it as `body.json` without a line end after it, and run `openssl dgst -sha1 -hmac "$WEBHOOK_SECRET" body.json`.',
      ].join('\n\n'),
    }),
    ApiHeader({
      name: 'X-Hub-Signature',
      required: true,
      description:
        'The request signature, `sha1=` and 40 hex digits: the HMAC-SHA1 of the exact bytes of the body, keyed with the secret of the channel.',
      schema: { type: 'string', pattern: '^[sS][hH][aA]1=[0-9a-fA-F]{40}$' },
    }),
    ApiHeader({
      name: 'X-B3-TraceId',
      required: false,
      description:
        'A unique trace id of the request: 16 or 32 hex digits. Anything else is logged, and is no reason to refuse.',
      schema: { type: 'string' },
    }),
    ApiBody({
      type: EventsPayloadDto,
      required: true,
      description: 'The events payload.',
      examples: PAYLOADS,
    }),
    ApiResponse({ status: 200, description: 'Operation was successful', type: EventsResponseDto }),
    refused('Authentic, but no valid payload. It is kept in quarantine.', {
      status: 400,
      message: 'The payload is not valid. It is kept in quarantine.',
      errors: ['data.entities.0.event must be one of the following values: STARTED, FINISHED'],
    }),
    refused('The signature, the channel or the API key could not be verified.', REFUSALS.unauthorized),
    refused(
      'Another method than POST.',
      { status: 405, message: 'The webhook takes POST alone.' },
      { Allow: 'The method that is allowed: `POST`.' },
    ),
    refused('The body is larger than `BODY_LIMIT` allows.', {
      status: 413,
      message: 'The body is larger than BODY_LIMIT allows.',
    }),
    refused(
      'Content-Type is not `application/json`, or there is a Content-Encoding.',
      REFUSALS.unsupportedMediaType,
    ),
    refused('Internal Server Error', { status: 500, message: 'Internal Server Error' }),
    refused(
      'Nothing was stored: overload, the store fails, or the service is stopping.',
      REFUSALS.unavailable,
      { 'Retry-After': 'Seconds after which to send again.' },
    ),
  );
