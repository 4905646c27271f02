import { Module, type DynamicModule } from '@nestjs/common';

import type { InteractionsConfig } from '../../config/listener-config.js';
import { Clock } from '../../events/clock.js';
import { Store } from '../../store/store.js';
import { InteractionsListener } from './interactions.listener.js';
import { InteractionsService } from './interactions.service.js';

/** The listener `interactions`, and its service for every other module to inject. */
@Module({})
export class InteractionsModule {
  static forRoot(config: InteractionsConfig): DynamicModule {
    return {
      module: InteractionsModule,
      global: true,
      providers: [
        InteractionsListener,
        {
          provide: InteractionsService,
          inject: [Store, Clock],
          useFactory: (store: Store, clock: Clock) => new InteractionsService(store, clock, config),
        },
      ],
      exports: [InteractionsService],
    };
  }
}
