import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { StatsDto, StatsQuery } from './stats.dto.js';
import { StatsService } from './stats.service.js';

/** Events and interactions over time. */
@OperatorApi('stats', 'Overview')
export class StatsController {
  constructor(private readonly stats: StatsService) {}

  @Get()
  @ApiOperation({ operationId: 'getStats', summary: 'Events by minute, and how long interactions took' })
  @ApiResponse({ status: 200, description: 'The last minutes.', type: StatsDto })
  @Refused(400, 'A parameter is not known or not valid.')
  async show(@Query() { minutes }: StatsQuery): Promise<StatsDto> {
    const [counted, durations] = await Promise.all([
      this.stats.minutes(minutes),
      this.stats.durations(minutes),
    ]);
    return { minutes: counted, durations };
  }
}
