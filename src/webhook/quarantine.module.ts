import { Module } from '@nestjs/common';

import { QuarantineService } from './quarantine.service.js';

/** The quarantine: where the webhook puts what it cannot accept, and where operators put it back from. */
@Module({ providers: [QuarantineService], exports: [QuarantineService] })
export class QuarantineModule {}
