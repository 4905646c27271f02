import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiResponse, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';

import type { DeliveryState } from '../../store/schema.js';
import { Store } from '../../store/store.js';
import { DeliveryGroupsDto, DeliveryItemDto } from './deliveries-read.dto.js';
import { DELIVERY_STATES } from '../events/events.dto.js';
import { EventFilterQuery, toEventFilter } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, encodeCursor, PageQuery, PageResponse, type Page } from '../api/paging.js';
import { pageOfDeliveries } from '../queries/deliveries.js';
import { groupDeadDeliveries } from '../queries/delivery-groups.js';

/** The query of the groups of dead deliveries. */
export class DeliveryGroupsQuery {
  @ApiPropertyOptional({ enum: ['dead'], default: 'dead' })
  @IsIn(['dead'])
  state = 'dead' as const;

  @ApiPropertyOptional({ type: String, description: 'Name of a listener.', example: 'crm-close-case' })
  @IsOptional()
  @IsString()
  listener?: string;
}

/** The query of the list of deliveries. */
export class DeliveriesQuery extends IntersectionType(EventFilterQuery, PageQuery) {
  @ApiPropertyOptional({ enum: DELIVERY_STATES, default: 'dead' })
  @IsIn(DELIVERY_STATES)
  state: DeliveryState = 'dead';

  @ApiPropertyOptional({ type: String, description: 'Name of a listener.', example: 'crm-close-case' })
  @IsOptional()
  @IsString()
  listener?: string;

  @ApiPropertyOptional({ type: String, description: 'First line of the last error, as groups have it.' })
  @IsOptional()
  @IsString()
  error?: string;
}

/** What is told of deliveries: dead letters above all. */
@OperatorApi('deliveries', 'Deliveries')
export class DeliveriesReadController {
  constructor(private readonly store: Store) {}

  @Get()
  @ApiOperation({
    operationId: 'listDeliveries',
    summary: 'Deliveries in a state, those of the latest events first',
  })
  @PageResponse(DeliveryItemDto, 'A page of deliveries.')
  @Refused(400, 'A parameter is not known or not valid.')
  async list(@Query() query: DeliveriesQuery): Promise<Page<DeliveryItemDto>> {
    const { state, listener, error, limit } = query;
    const [seq, listenerId] = decodeCursor(query.cursor, 2) ?? [];
    const before = seq === undefined || listenerId === undefined ? undefined : ([seq, listenerId] as const);
    const search = { ...toEventFilter(query), state, listener, error };
    const { items, next } = await pageOfDeliveries(this.store, search, { limit, before });
    return { items, next: next === undefined ? null : encodeCursor(...next) };
  }

  @Get('groups')
  @ApiOperation({ operationId: 'groupDeliveries', summary: 'Dead deliveries by listener and error' })
  @ApiResponse({ status: 200, description: 'The largest group first.', type: DeliveryGroupsDto })
  @Refused(400, 'A parameter is not known or not valid.')
  groups(@Query() { listener }: DeliveryGroupsQuery): Promise<DeliveryGroupsDto> {
    return groupDeadDeliveries(this.store, listener);
  }
}
