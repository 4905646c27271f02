import { Body, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsString } from 'class-validator';
import type { FastifyReply } from 'fastify';

import { DeliveryService } from '../../events/delivery.service.js';
import { Store } from '../../store/store.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { Audit } from '../audit/audit.js';
import { Filter } from '../api/batch.dto.js';
import { conflict, notFound } from '../api/errors.js';
import { EventFilterBody, toEventFilter } from '../api/filter.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { PositionPipe } from '../api/paging.js';
import { replayOf } from '../queries/replays.js';
import { ReplayDto } from './replays-read.dto.js';
import { MayBeAbsent } from '../api/validation.js';

/** What is to be delivered again. */
@ApiSchema({ name: 'StartReplay' })
export class StartReplayBody {
  @ApiProperty({ type: String, description: 'Name of the listener.', example: 'crm-close-case' })
  @IsString()
  listener!: string;

  @Filter(() => EventFilterBody, '`{}` picks every event of the log.')
  filter!: EventFilterBody;

  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Count the events, and no more.' })
  @MayBeAbsent()
  @IsBoolean()
  dryRun?: boolean;
}

/** What a dry run found. */
@ApiSchema({ name: 'ReplayCount', description: 'What a dry run found.' })
export class ReplayCountDto {
  @ApiProperty({ type: 'integer', description: 'Events that would be delivered.', example: 1200 })
  count!: number;
}

/** Delivering stored events again. */
@OperatorApi('replays', 'Replays')
export class ReplaysController {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly store: Store,
    private readonly audit: Audit,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'startReplay',
    summary: 'Deliver stored events to a listener again',
    description: 'It goes on by itself, a batch at a time while the listener has little else to do.',
  })
  @ApiResponse({ status: 200, description: 'A dry run: how many it would be.', type: ReplayCountDto })
  @ApiResponse({ status: 202, description: 'The replay has begun.', type: ReplayDto })
  @Refused(400, 'The filter is not valid.')
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'No listener of this name was ever loaded.')
  async start(
    @Body() { listener, filter, dryRun }: StartReplayBody,
    @CalledBy() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReplayCountDto | ReplayDto> {
    const events = toEventFilter(filter);
    if (dryRun === true) {
      void reply.code(200);
      return { count: await this.deliveries.countReplay(listener, events) };
    }
    void reply.code(202);
    const audit = this.audit.entry(caller, 'replays.start', { listener, filter });
    return this.find(await this.deliveries.replay(listener, events, { audit }));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'cancelReplay',
    summary: 'End a replay',
    description: 'What it has made due by then stays due.',
  })
  @ApiResponse({ status: 200, description: 'The replay, as it ended.', type: ReplayDto })
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'There is no replay of this id.')
  @Refused(409, 'The replay has ended already.')
  async cancel(@Param('id', PositionPipe) id: number, @CalledBy() caller: Caller): Promise<ReplayDto> {
    const { state } = await this.find(id);
    if (state !== 'running') throw conflict(`The replay has ended already: it is ${state}.`);
    await this.deliveries.cancelReplay(id, { audit: this.audit.entry(caller, 'replays.cancel', { id }) });
    return this.find(id);
  }

  private async find(id: number): Promise<ReplayDto> {
    const replay = await replayOf(this.store, id);
    if (replay === undefined) throw notFound('There is no replay of this id.');
    return replay;
  }
}
