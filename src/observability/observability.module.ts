import {
  Global,
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import { Metrics } from './metrics.js';
import { Tracing } from './tracing.js';

/** What every part of the service counts with, and traces with where that is on. */
@Global()
@Module({})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(@Optional() @Inject(Tracing) private readonly tracing: Tracing | undefined) {}

  static forRoot(metrics: Metrics): DynamicModule {
    return {
      module: ObservabilityModule,
      providers: [
        { provide: Metrics, useValue: metrics },
        { provide: Tracing, inject: [AppConfig], useFactory: loadTracing },
      ],
      exports: [Metrics, Tracing],
    };
  }

  /** Last, when what still ran has ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.tracing?.stop();
  }
}

/** Nothing of OpenTelemetry is loaded unless it is used. */
async function loadTracing({ otlpEndpoint }: AppConfig): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { OpenTelemetry } = await import('./otel/open-telemetry.js');
  return new OpenTelemetry(otlpEndpoint);
}
