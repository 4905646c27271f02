import { Module, type DynamicModule } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';

import type { AppConfig } from '../config/app-config.js';
import { ConfigModule } from '../config/config.module.js';
import { EventsModule } from '../events/events.module.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { StoreModule } from '../store/store.module.js';
import { EventsPayloadPipe } from './events-payload.pipe.js';
import { QuarantineModule } from './quarantine.module.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookService } from './webhook.service.js';

/** The webhook with all that it needs: also for import into an application of your own. */
@Module({
  imports: [QuarantineModule],
  providers: [WebhookService, EventsPayloadPipe],
  exports: [QuarantineModule],
})
export class WebhookModule {
  /**
   * @example
   * ‍@Module({ imports: [WebhookModule.forRoot(AppConfig.load(process.env)), CrmModule] })
   * export class YourModule {}
   */
  static forRoot(config: AppConfig, metrics = new Metrics(config)): DynamicModule {
    return {
      module: WebhookModule,
      // A process that only delivers answers no webhook, so that no load balancer takes it for one that does.
      controllers: config.roles.has('receive') ? [WebhookController] : [],
      imports: [
        ConfigModule.forRoot(config),
        ObservabilityModule.forRoot(metrics),
        StoreModule,
        EventsModule,
        RouterModule.register([{ path: config.webhookPath, module: WebhookModule }]),
      ],
    };
  }
}
