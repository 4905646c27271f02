import { Module } from '@nestjs/common';

import { Access } from './access/access.js';
import { SessionController } from './access/session.controller.js';
import { READ_CONTROLLERS, READ_PROVIDERS } from './reads.js';

/** The operators' API. */
@Module({
  controllers: [SessionController, ...READ_CONTROLLERS],
  providers: [Access, ...READ_PROVIDERS],
})
export class OperationsModule {}
