import { Get } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { OperatorApi } from '../api/operator-api.decorator.js';
import { OverviewDto } from './overview.dto.js';
import { OverviewService } from './overview.service.js';

/** The whole service in numbers. */
@OperatorApi('overview', 'Overview')
export class OverviewController {
  constructor(private readonly overview: OverviewService) {}

  @Get()
  @ApiOperation({ operationId: 'getOverview', summary: 'The whole service in numbers' })
  @ApiResponse({
    status: 200,
    description: 'A second old, or older where it takes long to count.',
    type: OverviewDto,
  })
  show(): Promise<OverviewDto> {
    return this.overview.now();
  }
}
