import { Body, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiResponse, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayNotEmpty, IsIn, IsString } from 'class-validator';

import { DeliveryService, type DeliverySelection } from '../../events/delivery.service.js';
import type { BatchResult } from '../../store/operations.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { Audit } from '../audit/audit.js';
import { BatchBody, BatchDto, Filter, Ids } from '../api/batch.dto.js';
import { EventFilterBody, toEventFilter } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, encodeCursor } from '../api/paging.js';
import { MayBeAbsent } from '../api/validation.js';

const DISCARDABLE = ['dead', 'pending', 'blocked'] as const;
const asList = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? [value] : value);

/** Picks dead deliveries. */
@ApiSchema({ name: 'DeadFilter', description: 'Picks dead deliveries; `{}` picks all of them.' })
export class DeadFilterBody extends EventFilterBody {
  @ApiPropertyOptional({ type: String, description: 'Name of a listener.', example: 'crm-close-case' })
  @MayBeAbsent()
  @IsString()
  listener?: string;

  @Ids('Positions of the events.')
  seqs?: number[];

  @ApiPropertyOptional({
    type: String,
    description: 'First line of the last error.',
    example: 'Error: no such case',
  })
  @MayBeAbsent()
  @IsString()
  error?: string;

  @ApiPropertyOptional({ type: [String], enum: ['dead'], default: ['dead'] })
  @Transform(asList)
  @ArrayNotEmpty()
  @IsIn(['dead'], { each: true })
  state: (typeof DISCARDABLE)[number][] = ['dead'];
}

/** Picks deliveries to be given up. */
@ApiSchema({
  name: 'DiscardFilter',
  description: 'Picks deliveries; those that are dead unless told otherwise.',
})
export class DiscardFilterBody extends DeadFilterBody {
  @ApiPropertyOptional({
    type: [String],
    enum: DISCARDABLE,
    default: ['dead'],
    description: 'Also those that wait, on demand.',
  })
  @Transform(asList)
  @ArrayNotEmpty()
  @IsIn(DISCARDABLE, { each: true })
  override state: (typeof DISCARDABLE)[number][] = ['dead'];
}

/** What is to be retried. */
@ApiSchema({ name: 'Retry' })
export class RetryBody extends BatchBody {
  @Filter(() => DeadFilterBody)
  filter!: DeadFilterBody;
}

/** What is to be discarded. */
@ApiSchema({ name: 'Discard' })
export class DiscardBody extends BatchBody {
  @Filter(() => DiscardFilterBody)
  filter!: DiscardFilterBody;
}

/** What operators do to deliveries, a batch at a time: progress can be shown, and it can be stopped. */
@OperatorApi('deliveries', 'Deliveries')
export class DeliveriesController {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly audit: Audit,
  ) {}

  @Post('retry')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'retryDeliveries',
    summary: 'Give dead deliveries fresh attempts',
    description: 'Up to 500 a request, each at its place in the order of its interaction.',
  })
  @ApiResponse({ status: 200, description: 'One batch is done.', type: BatchDto })
  @Refused(400, 'The filter or the cursor is not valid.')
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'No listener of this name was ever loaded.')
  async retry(@Body() { filter, cursor }: RetryBody, @CalledBy() caller: Caller): Promise<BatchDto> {
    const audit = this.audit.entry(caller, 'deliveries.retry', { filter, cursor });
    return toBatch(
      await this.deliveries.retryBatch(toSelection(filter), { after: toPosition(cursor), audit }),
    );
  }

  @Post('discard')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'discardDeliveries',
    summary: 'Give up deliveries',
    description: 'Up to 500 a request. Those that run are left alone. A parked interaction goes on.',
  })
  @ApiResponse({ status: 200, description: 'One batch is done.', type: BatchDto })
  @Refused(400, 'The filter or the cursor is not valid.')
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'No listener of this name was ever loaded.')
  async discard(@Body() { filter, cursor }: DiscardBody, @CalledBy() caller: Caller): Promise<BatchDto> {
    const audit = this.audit.entry(caller, 'deliveries.discard', { filter, cursor });
    return toBatch(
      await this.deliveries.discardBatch(toSelection(filter), { after: toPosition(cursor), audit }),
    );
  }
}

function toSelection(filter: DeadFilterBody): DeliverySelection {
  const { listener, seqs, error, state: states } = filter;
  return {
    ...toEventFilter(filter),
    states,
    ...(listener !== undefined && { listener }),
    ...(seqs !== undefined && { seqs }),
    ...(error !== undefined && { error }),
  };
}

function toPosition(cursor: string | undefined): BatchResult['next'] {
  const [seq, listenerId] = decodeCursor(cursor, 2) ?? [];
  return seq === undefined || listenerId === undefined ? undefined : { seq, listenerId };
}

function toBatch({ count, next }: BatchResult): BatchDto {
  return { count, next: next === undefined ? null : encodeCursor(next.seq, next.listenerId) };
}
