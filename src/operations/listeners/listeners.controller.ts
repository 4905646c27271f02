import { HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { DeliveryService } from '../../events/delivery.service.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { Audit } from '../audit/audit.js';
import { ListenerDto } from './listeners-read.dto.js';
import { ListenersView } from './listeners-read.service.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';

/** What operators do to listeners. */
@OperatorApi('listeners', 'Listeners')
export class ListenersController {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly listeners: ListenersView,
    private readonly audit: Audit,
  ) {}

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pauseListener',
    summary: 'Start no more deliveries of a listener',
    description: 'In any process, and across restarts, until it is resumed. Events are stored all the same.',
  })
  @ApiResponse({ status: 200, description: 'The listener, paused.', type: ListenerDto })
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'No listener of this name was ever loaded.')
  async pause(@Param('name') listener: string, @CalledBy() caller: Caller): Promise<ListenerDto> {
    const audit = this.audit.entry(caller, 'listeners.pause', { listener });
    await this.deliveries.pause(listener, { audit });
    return this.listeners.one(listener);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ operationId: 'resumeListener', summary: 'Go on with the deliveries of a listener' })
  @ApiResponse({ status: 200, description: 'The listener, not paused.', type: ListenerDto })
  @Refused(403, 'Not an operator, or no `X-Requested-By`.')
  @Refused(404, 'No listener of this name was ever loaded.')
  async resume(@Param('name') listener: string, @CalledBy() caller: Caller): Promise<ListenerDto> {
    const audit = this.audit.entry(caller, 'listeners.resume', { listener });
    await this.deliveries.resume(listener, { audit });
    return this.listeners.one(listener);
  }
}
