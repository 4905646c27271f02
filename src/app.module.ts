import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';

import type { AppConfig } from './config/app-config.js';
import type { ForwardConfig, TranscriptConfig } from './config/listener-config.js';
import { WebhookExceptionFilter } from './webhook/exception.filter.js';
import { AuditLogModule } from './listeners/audit-log/audit-log.module.js';
import { InteractionsModule } from './listeners/interactions/interactions.module.js';
import { OperationsServer } from './http/operations-server.js';
import { HealthModule } from './observability/health.js';
import { Lifecycle } from './observability/lifecycle.js';
import type { Metrics } from './observability/metrics.js';
import { MetricsModule } from './observability/metrics.module.js';
import { loggerParams } from './observability/logger.js';
import { WebhookModule } from './webhook/webhook.module.js';

/** The listeners that ship and are on. What only one that is off would need is not even loaded. */
function shippedListeners(config: AppConfig): (Type | DynamicModule | Promise<DynamicModule>)[] {
  const { auditLog, interactions, forward, transcript } = config;
  return [
    ...(auditLog ? [AuditLogModule] : []),
    ...(interactions ? [InteractionsModule.forRoot(interactions)] : []),
    ...(forward ? [loadHttpForward(forward)] : []),
    ...(transcript ? [loadTranscript(transcript)] : []),
  ];
}

async function loadHttpForward(config: ForwardConfig): Promise<DynamicModule> {
  const { HttpForwardModule } = await import('./listeners/http-forward/http-forward.module.js');
  return HttpForwardModule.forRoot(config);
}

async function loadTranscript(config: TranscriptConfig): Promise<DynamicModule> {
  const { TranscriptModule } = await import('./listeners/transcript/transcript.module.js');
  return TranscriptModule.forRoot(config);
}

async function loadOperations(): Promise<DynamicModule> {
  const { OperationsModule } = await import('./operations/operations.module.js');
  return { module: OperationsModule };
}

/** The whole composition. */
@Global()
@Module({})
export class AppModule {
  /** @param listeners modules of listeners, beside those that ship. */
  static forRoot(config: AppConfig, listeners: readonly Type[], metrics: Metrics): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(loggerParams(config)),
        WebhookModule.forRoot(config, metrics),
        HealthModule,
        MetricsModule,
        ...(config.operations.tokens.size > 0 ? [loadOperations()] : []),
        ...shippedListeners(config),
        ...listeners,
      ],
      providers: [Lifecycle, OperationsServer, { provide: APP_FILTER, useClass: WebhookExceptionFilter }],
      exports: [Lifecycle],
    };
  }
}
