import { Global, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import { openStore } from './open.js';
import { Store } from './store.js';

/** Opens the store at start and closes it after everything that uses it. */
@Global()
@Module({
  providers: [
    {
      provide: Store,
      inject: [AppConfig],
      useFactory: ({ database, maxPending, migrate }: AppConfig) =>
        openStore(database, { maxPending, migrate }, (error) => {
          // Nothing can be stored any more: better no process, and a supervisor that starts a new one.
          new Logger('Store').fatal(`${error.message} The process ends.`);
          process.exitCode = 70;
          process.kill(process.pid, 'SIGTERM');
        }),
    },
  ],
  exports: [Store],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(@Inject(Store) private readonly store: Store) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
