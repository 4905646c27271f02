import { Module } from '@nestjs/common';

import { Access } from './access/access.js';
import { SessionController } from './access/session.controller.js';

/** The operators' API. */
@Module({
  controllers: [SessionController],
  providers: [Access],
})
export class OperationsModule {}
