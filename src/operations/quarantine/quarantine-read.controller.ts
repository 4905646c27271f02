import { Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiResponse, IntersectionType, PickType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';

import { Store } from '../../store/store.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { BodyAccess } from '../api/body.js';
import { notFound } from '../api/errors.js';
import { EventFilterQuery } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, PageQuery, PageResponse, PositionPipe, type Page } from '../api/paging.js';
import {
  QUARANTINE_STATES,
  QuarantineDetailDto,
  QuarantineGroupsDto,
  QuarantineItemDto,
  type QuarantineState,
} from './quarantine-read.dto.js';
import { groupQuarantine, pageOfQuarantine, quarantineDetail } from '../queries/quarantine.js';
import { toPage } from '../queries/slice.js';

/** The query of the list of quarantined payloads. */
export class QuarantineQuery extends IntersectionType(PickType(EventFilterQuery, ['channel']), PageQuery) {
  @ApiPropertyOptional({ enum: QUARANTINE_STATES, description: 'Without it, those in any state.' })
  @IsOptional()
  @IsIn(QUARANTINE_STATES)
  state?: QuarantineState;

  @ApiPropertyOptional({ type: String, description: 'One of the faults, as groups have it.' })
  @IsOptional()
  @IsString()
  error?: string;
}

/** What is told of authentic payloads that could not be accepted. */
@OperatorApi('quarantine', 'Quarantine')
export class QuarantineReadController {
  constructor(
    private readonly store: Store,
    private readonly bodies: BodyAccess,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listQuarantine', summary: 'Payloads in quarantine, the latest first' })
  @PageResponse(QuarantineItemDto, 'A page of payloads, without their bodies.')
  @Refused(400, 'A parameter is not known or not valid.')
  async list(@Query() query: QuarantineQuery): Promise<Page<QuarantineItemDto>> {
    const { limit, cursor, ...search } = query;
    const [before] = decodeCursor(cursor, 1) ?? [];
    return toPage(await pageOfQuarantine(this.store, search, { limit, before }));
  }

  @Get('groups')
  @ApiOperation({ operationId: 'groupQuarantine', summary: 'Held payloads by what is wrong with them' })
  @ApiResponse({ status: 200, description: 'The most frequent fault first.', type: QuarantineGroupsDto })
  async groups(): Promise<QuarantineGroupsDto> {
    return { items: await groupQuarantine(this.store) };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getQuarantined', summary: 'One payload in quarantine with its body' })
  @ApiResponse({ status: 200, description: 'The payload.', type: QuarantineDetailDto })
  @Refused(404, 'There is no payload of this id.')
  async show(
    @Param('id', PositionPipe) id: number,
    @CalledBy() caller: Caller,
  ): Promise<QuarantineDetailDto> {
    const payload = await quarantineDetail(this.store, id, this.bodies.visibleTo(caller));
    if (payload === undefined) throw notFound('There is no payload of this id in quarantine.');
    return payload;
  }
}
