import { Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiResponse, IntersectionType } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

import { Store } from '../../store/store.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { BodyAccess } from '../api/body.js';
import { notFound } from '../api/errors.js';
import { EventDetailDto, EventSummaryDto } from './events.dto.js';
import { EventFilterQuery, toEventFilter } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, PageQuery, PageResponse, PositionPipe, type Page } from '../api/paging.js';
import { eventDetail, pageOfEvents } from '../queries/events.js';
import type { EventSearch } from '../queries/log.js';
import { toPage } from '../queries/slice.js';

/** Characters of a text that is searched for. */
const TEXT_LIMIT = 200;

/** Picks events by their fields, and by a part of one of their texts. */
export class EventSearchQuery extends EventFilterQuery {
  @ApiPropertyOptional({
    type: String,
    maxLength: TEXT_LIMIT,
    description:
      'A part of the id, operationId, selfUri or trace id, in upper or lower case. A page looks at 100,000 events at the most: while `next` is there, go on.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_LIMIT)
  @Matches(/^[^\0]+$/, { message: '$property must be a text that is not empty and has no U+0000' })
  text?: string;
}

/** The query of the list of events. */
export class EventsQuery extends IntersectionType(EventSearchQuery, PageQuery) {}

/** A search in the words of the store. */
export function toEventSearch(query: EventSearchQuery): EventSearch {
  return { ...toEventFilter(query), ...(query.text !== undefined && { text: query.text }) };
}

/** The log. */
@OperatorApi('events', 'Events')
export class EventsController {
  constructor(
    private readonly store: Store,
    private readonly bodies: BodyAccess,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listEvents', summary: 'Events, the latest first' })
  @PageResponse(EventSummaryDto, 'A page of events.')
  @Refused(400, 'A parameter is not known or not valid.')
  async list(@Query() query: EventsQuery): Promise<Page<EventSummaryDto>> {
    const [before] = decodeCursor(query.cursor, 1) ?? [];
    return toPage(await pageOfEvents(this.store, toEventSearch(query), { limit: query.limit, before }));
  }

  @Get(':seq')
  @ApiOperation({ operationId: 'getEvent', summary: 'One event with its receipt, body and deliveries' })
  @ApiResponse({ status: 200, description: 'The event.', type: EventDetailDto })
  @Refused(404, 'There is no event at this position.')
  async show(@Param('seq', PositionPipe) seq: number, @CalledBy() caller: Caller): Promise<EventDetailDto> {
    const event = await eventDetail(this.store, seq, this.bodies.visibleTo(caller));
    if (event === undefined) throw notFound('There is no event at this position of the log.');
    return event;
  }
}
