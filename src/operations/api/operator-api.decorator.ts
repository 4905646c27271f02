import { applyDecorators, Controller, UseFilters, UsePipes } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiResponse, ApiTags } from '@nestjs/swagger';

import { API_PATH } from '../../config/operations-config.js';
import { OperationsExceptionFilter } from './exception.filter.js';
import type { Tag } from './tags.js';
import { VALIDATION } from './validation.js';

/** Names of the ways in, in the OpenAPI document. */
export const SECURITY = { token: 'token', session: 'session' } as const;

const ERROR = { $ref: '#/components/schemas/Error' };

/** An answer that is not 2xx, for the OpenAPI document. */
export function Refused(status: number, description: string): MethodDecorator & ClassDecorator {
  return ApiResponse({ status, description, content: { 'application/json': { schema: ERROR } } });
}

/**
 * A controller of the operators' API: its path below `/api/v1`, its place in the OpenAPI document, the checks
 * of what it is sent, and the form of its errors. That nobody comes in without a token is not up to it:
 * `access/gate.ts` sees to that by the path of every route.
 *
 * @param path below `/api/v1`, such as `events`; empty for a controller whose methods bring their own.
 * @param tag what it is listed under.
 * @example
 * ‍@OperatorApi('events', 'Events')
 * export class EventsController {
 *   ‍@Get()
 *   list(@Query() query: EventsQuery): Promise<Page<EventSummaryDto>> { … }
 * }
 */
export function OperatorApi(path: string, tag: Tag): ClassDecorator {
  return applyDecorators(
    Controller(path === '' ? API_PATH : `${API_PATH}/${path}`),
    UseFilters(OperationsExceptionFilter),
    UsePipes(VALIDATION),
    ApiTags(tag),
    ApiBearerAuth(SECURITY.token),
    ApiCookieAuth(SECURITY.session),
    Refused(401, 'No token, or one that is not valid.'),
    Refused(429, 'Too many wrong tokens from this address; `Retry-After` says when to try again.'),
    Refused(503, 'The store does not answer now.'),
  );
}
