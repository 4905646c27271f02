import { Controller, HttpCode, Post, UseFilters, UseGuards } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';

import { WebhookExceptionFilter } from './exception.filter.js';
import type { ReceivedPayload } from '../events/event.service.js';
import { EventsPayloadPipe, type QUARANTINED } from './events-payload.pipe.js';
import { ApiWebhook } from './openapi.decorator.js';
import { EVENTS_RESPONSE_SCHEMA, type EventsResponseDto } from './responses.dto.js';
import { SignatureGuard } from './signature.guard.js';
import { Signed } from './signed-request.js';
import { WebhookService } from './webhook.service.js';

/** The vendor's operation, at the configured path and, for a named channel, one segment below it. */
@Controller()
@UseFilters(WebhookExceptionFilter)
export class WebhookController {
  constructor(private readonly webhook: WebhookService) {}

  @Post(['', ':channel'])
  @HttpCode(200)
  @UseGuards(SignatureGuard)
  @RouteSchema({ response: { 200: EVENTS_RESPONSE_SCHEMA } })
  @ApiWebhook()
  receive(
    @Signed(EventsPayloadPipe) payload: ReceivedPayload | typeof QUARANTINED,
  ): Promise<EventsResponseDto> {
    return this.webhook.receive(payload);
  }
}
