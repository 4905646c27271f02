import { Module } from '@nestjs/common';

import { QuarantineModule } from '../webhook/quarantine.module.js';
import { Access } from './access/access.js';
import { SessionController } from './access/session.controller.js';
import { AuditController } from './audit/audit.controller.js';
import { Audit } from './audit/audit.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { ListenersController } from './listeners/listeners.controller.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { READ_CONTROLLERS, READ_PROVIDERS } from './reads.js';
import { ReplaysController } from './replays/replays.controller.js';

/** What operators do; what they are told is in `reads.ts`. */
const WRITE_CONTROLLERS = [
  SessionController,
  DeliveriesController,
  ReplaysController,
  QuarantineController,
  ListenersController,
];

/** The operators' API. */
@Module({
  imports: [QuarantineModule],
  controllers: [...READ_CONTROLLERS, ...WRITE_CONTROLLERS, AuditController],
  providers: [Access, Audit, ...READ_PROVIDERS],
})
export class OperationsModule {}
