import { Get, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { ListenerDetailDto, ListenersDto } from './listeners-read.dto.js';
import { ListenersView } from './listeners-read.service.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';

/** What is told of listeners. */
@OperatorApi('listeners', 'Listeners')
export class ListenersReadController {
  constructor(private readonly listeners: ListenersView) {}

  @Get()
  @ApiOperation({ operationId: 'listListeners', summary: 'Every listener, and where its deliveries stand' })
  @ApiResponse({ status: 200, description: 'Every listener that was ever loaded.', type: ListenersDto })
  async list(): Promise<ListenersDto> {
    return { items: await this.listeners.all() };
  }

  @Get(':name')
  @ApiOperation({ operationId: 'getListener', summary: 'One listener with its last hour' })
  @ApiResponse({ status: 200, description: 'The listener.', type: ListenerDetailDto })
  @Refused(404, 'No listener of this name was ever loaded.')
  show(@Param('name') name: string): Promise<ListenerDetailDto> {
    return this.listeners.detail(name);
  }
}
