import { Module } from '@nestjs/common';

import { MetricsController } from './metrics.controller.js';
import { ProcessMetrics } from './process-metrics.js';
import { StoreGauges } from './store-gauges.js';

/** `/metrics`, and what it tells beside what the service counts as it goes. */
@Module({
  controllers: [MetricsController],
  providers: [ProcessMetrics, StoreGauges],
})
export class MetricsModule {}
