import { Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiResponse, IntersectionType, PickType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';

import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../../events/clock.js';
import { Store } from '../../store/store.js';
import { conflict, notFound } from '../api/errors.js';
import { EventFilterQuery, toEventFilter } from '../api/filter.js';
import {
  INTERACTION_STATES,
  InteractionDto,
  InteractionTimelinesDto,
  type InteractionState,
} from './interactions.dto.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, PageQuery, PageResponse, type Page } from '../api/paging.js';
import { pageOfInteractions, timelinesOf } from '../queries/interactions.js';
import { toPage } from '../queries/slice.js';

const FIELDS = ['channel', 'mediaType', 'from', 'to'] as const;

/** The query of the list of interactions. */
export class InteractionsQuery extends IntersectionType(PickType(EventFilterQuery, FIELDS), PageQuery) {
  @ApiPropertyOptional({ enum: INTERACTION_STATES, description: '`open` does not include `stuck`.' })
  @IsOptional()
  @IsIn(INTERACTION_STATES)
  state?: InteractionState;
}

/** The query of one interaction. */
export class InteractionQuery {
  @ApiPropertyOptional({ type: String, description: 'Of this channel alone.' })
  @IsOptional()
  @IsString()
  channel?: string;
}

/** What events are about. */
@OperatorApi('interactions', 'Interactions')
export class InteractionsController {
  constructor(
    private readonly config: AppConfig,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listInteractions',
    summary: 'Interactions, the latest first',
    description: '`from` and `to` are about when an interaction was first heard of.',
  })
  @PageResponse(InteractionDto, 'A page of interactions.')
  @Refused(400, 'A parameter is not known or not valid.')
  @Refused(409, 'The listener `interactions` is off.')
  async list(@Query() query: InteractionsQuery): Promise<Page<InteractionDto>> {
    const stuckBefore = this.stuckBefore();
    if (stuckBefore === undefined) {
      throw conflict('Nobody keeps the state of interactions here: set INTERACTIONS=on and restart.');
    }
    const [before] = decodeCursor(query.cursor, 1) ?? [];
    const { from, to } = toEventFilter(query);
    const { state, channel, mediaType, limit } = query;
    const filter = { state, channel, mediaType, from, to };
    return toPage(await pageOfInteractions(this.store, filter, stuckBefore, { limit, before }));
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'getInteraction',
    summary: 'The interaction of an id, with its events and their deliveries',
  })
  @ApiResponse({ status: 200, description: 'One item for each channel.', type: InteractionTimelinesDto })
  @Refused(404, 'No channel has an event of this interaction.')
  async show(
    @Param('id') id: string,
    @Query() { channel }: InteractionQuery,
  ): Promise<InteractionTimelinesDto> {
    const items = await timelinesOf(this.store, id, channel, this.stuckBefore());
    if (items.length === 0) throw notFound('There is no event of this interaction.');
    return { items };
  }

  /** What started by then and is open is stuck; `undefined` where the listener `interactions` is off. */
  private stuckBefore(): number | undefined {
    const { interactions } = this.config;
    return interactions && this.clock.now() - interactions.stuckAfterMs;
  }
}
