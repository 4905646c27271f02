import { Module } from '@nestjs/common';

import { AuditLogListener } from './audit-log.listener.js';

/** The listener `audit-log`. */
@Module({ providers: [AuditLogListener] })
export class AuditLogModule {}
