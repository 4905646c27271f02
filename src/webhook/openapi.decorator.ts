import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';

import { EventsPayloadDto } from './events-payload.dto.js';
import { ErrorResponseDto, EventsResponseDto } from './responses.dto.js';

const refused = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, type: ErrorResponseDto });

/** The vendor's page about the operation, in our own words, and the answers that are ours. */
export const ApiWebhook = (): MethodDecorator =>
  applyDecorators(
    ApiTags('Interactions Webhook'),
    ApiExtraModels(EventsPayloadDto),
    ApiOperation({
      summary: 'Send interaction state change events',
      description:
        'Tells that interactions were STARTED (created in Universal Contact Server and submitted to an interaction queue) or FINISHED (processing stopped by Agent Desktop or the workflow). Answered 200 once every event is on disk; anything else means that nothing was stored, and that the sender should send it again.',
    }),
    ApiHeader({
      name: 'X-Hub-Signature',
      required: true,
      description:
        '`sha1=` and the HMAC-SHA1 of the exact bytes of the body, in hex, made with the secret of the channel.',
      schema: { type: 'string', example: 'sha1=1c2d5b6e0f7a8b9c0d1e2f3a4b5c6d7e8f901234' },
    }),
    ApiHeader({
      name: 'X-B3-TraceId',
      required: false,
      description: 'Unique trace id of the request.',
      schema: { type: 'string', example: '463ac35c9f6413ad48485a3953bb6124' },
    }),
    ApiBody({ type: EventsPayloadDto, required: true, description: 'The events.' }),
    ApiResponse({ status: 200, description: 'Operation was successful', type: EventsResponseDto }),
    refused(400, 'Authentic but no valid payload. It was put into quarantine.'),
    refused(401, 'Signature, channel or API key could not be verified.'),
    refused(405, 'Another method than POST.'),
    refused(413, 'The body is too large.'),
    refused(415, 'Not application/json, or compressed.'),
    refused(500, 'Internal Server Error'),
    refused(503, 'Not stored now: overload, or the store is unavailable. See Retry-After.'),
  );
