import { Module, type DynamicModule } from '@nestjs/common';

import type { TranscriptConfig } from '../../config/listener-config.js';
import { TranscriptClient } from './transcript.client.js';
import { TranscriptListener } from './transcript.listener.js';
import { TranscriptService } from './transcript.service.js';

/** The listener `transcript`, and its service for every other module to inject. */
@Module({})
export class TranscriptModule {
  static forRoot(config: TranscriptConfig): DynamicModule {
    return {
      module: TranscriptModule,
      global: true,
      providers: [
        TranscriptListener,
        TranscriptService,
        { provide: TranscriptClient, useFactory: () => new TranscriptClient(config) },
      ],
      exports: [TranscriptService],
    };
  }
}
