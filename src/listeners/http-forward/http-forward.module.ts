import { Module, type DynamicModule } from '@nestjs/common';

import { AppConfig } from '../../config/app-config.js';
import type { ForwardConfig } from '../../config/listener-config.js';
import { HttpForwardListener } from './http-forward.listener.js';

/** The listener `http-forward`. */
@Module({})
export class HttpForwardModule {
  static forRoot(config: ForwardConfig): DynamicModule {
    return {
      module: HttpForwardModule,
      providers: [
        {
          provide: HttpForwardListener,
          inject: [AppConfig],
          useFactory: ({ webhookPath }: AppConfig) => new HttpForwardListener(config, webhookPath),
        },
      ],
    };
  }
}
