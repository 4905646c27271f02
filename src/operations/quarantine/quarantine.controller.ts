import { Body, HttpCode, Post } from '@nestjs/common';
import {
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiSchema,
  PickType,
} from '@nestjs/swagger';
import { IsString } from 'class-validator';

import {
  QuarantineService,
  type QuarantineBatch,
  type QuarantineSelection,
} from '../../webhook/quarantine.service.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { Audit } from '../audit/audit.js';
import { BatchBody, BatchDto, Filter, Ids } from '../api/batch.dto.js';
import { EventFilterBody } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, encodeCursor } from '../api/paging.js';
import { MayBeAbsent } from '../api/validation.js';

/** Picks held payloads. */
@ApiSchema({ name: 'QuarantineFilter', description: 'Picks held payloads; `{}` picks all of them.' })
export class QuarantineFilterBody extends PickType(EventFilterBody, ['channel']) {
  @Ids('Ids of payloads.')
  ids?: number[];

  @ApiPropertyOptional({
    type: String,
    description: 'One of the faults.',
    example: 'data.entities.0.event must be one of the following values: STARTED, FINISHED',
  })
  @MayBeAbsent()
  @IsString()
  error?: string;
}

/** What is to be done with held payloads. */
@ApiSchema({ name: 'QuarantineCommand' })
export class QuarantineBody extends BatchBody {
  @Filter(() => QuarantineFilterBody)
  filter!: QuarantineFilterBody;
}

/** A payload that is still not valid. */
@ApiSchema({ name: 'StillInvalid', description: 'A payload that is still not valid, and stays held.' })
export class StillInvalidDto {
  @ApiProperty({ type: 'integer', example: 12 })
  id!: number;

  @ApiProperty({ type: [String], example: ['The body is not JSON'] })
  errors!: readonly string[];
}

/** What one batch did. */
@ApiSchema({ name: 'QuarantineBatch', description: 'What one batch did.' })
export class QuarantineBatchDto extends BatchDto {
  @ApiProperty({ type: () => [StillInvalidDto], description: 'Payloads that are still not valid.' })
  failed!: StillInvalidDto[];
}

/** What operators do to payloads in quarantine, a batch at a time. */
@OperatorApi('quarantine', 'Quarantine')
export class QuarantineController {
  constructor(
    private readonly quarantine: QuarantineService,
    private readonly audit: Audit,
  ) {}

  @Post('reprocess')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'reprocessQuarantine',
    summary: 'Try held payloads again',
    description:
      'The bytes that were received are read by the rules of now, after a change of the configuration or an upgrade, and their events are stored and delivered. What is still not valid stays held. Up to 200 a request.',
  })
  @ApiResponse({ status: 200, description: 'One batch is done.', type: QuarantineBatchDto })
  @Refused(400, 'The filter or the cursor is not valid.')
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  async reprocess(
    @Body() { filter, cursor }: QuarantineBody,
    @CalledBy() caller: Caller,
  ): Promise<QuarantineBatchDto> {
    const audit = this.audit.entry(caller, 'quarantine.reprocess', { filter, cursor });
    const [after] = decodeCursor(cursor, 1) ?? [];
    return toBatch(await this.quarantine.reprocessBatch(toSelection(filter), { after, audit }));
  }

  @Post('discard')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'discardQuarantine',
    summary: 'Give up held payloads',
    description: 'Their bytes stay in the store. Up to 200 a request.',
  })
  @ApiResponse({ status: 200, description: 'One batch is done.', type: QuarantineBatchDto })
  @Refused(400, 'The filter or the cursor is not valid.')
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  async discard(
    @Body() { filter, cursor }: QuarantineBody,
    @CalledBy() caller: Caller,
  ): Promise<QuarantineBatchDto> {
    const audit = this.audit.entry(caller, 'quarantine.discard', { filter, cursor });
    const [after] = decodeCursor(cursor, 1) ?? [];
    return toBatch(await this.quarantine.discardBatch(toSelection(filter), { after, audit }));
  }
}

function toSelection({ ids, channel, error }: QuarantineFilterBody): QuarantineSelection {
  return {
    ...(ids !== undefined && { ids }),
    ...(channel !== undefined && { channels: channel }),
    ...(error !== undefined && { error }),
  };
}

function toBatch({ count, failed, next }: QuarantineBatch): QuarantineBatchDto {
  return {
    count,
    failed: failed.map(({ id, faults }) => ({ id, errors: faults })),
    next: next === undefined ? null : encodeCursor(next),
  };
}
