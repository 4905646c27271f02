import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';

import type { AppConfig } from './config/app-config.js';
import { WebhookExceptionFilter } from './webhook/exception.filter.js';
import { AuditLogModule } from './listeners/audit-log/audit-log.module.js';
import { HealthModule } from './observability/health.js';
import { Lifecycle } from './observability/lifecycle.js';
import { loggerParams } from './observability/logger.js';
import { WebhookModule } from './webhook/webhook.module.js';

/** The whole composition. */
@Global()
@Module({})
export class AppModule {
  /** @param listeners modules of listeners, beside those that ship. */
  static forRoot(config: AppConfig, listeners: readonly Type[]): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(loggerParams(config)),
        WebhookModule.forRoot(config),
        HealthModule,
        ...(config.auditLog ? [AuditLogModule] : []),
        ...listeners,
      ],
      providers: [Lifecycle, { provide: APP_FILTER, useClass: WebhookExceptionFilter }],
      exports: [Lifecycle],
    };
  }
}
