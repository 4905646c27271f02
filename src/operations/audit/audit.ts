import { Injectable } from '@nestjs/common';

import { Clock } from '../../events/clock.js';
import type { AuditDraft } from '../../store/records.js';
import type { Caller } from '../access/caller.js';

/** What the audit log has a row of. */
export type AuditedAction =
  | 'deliveries.retry'
  | 'deliveries.discard'
  | 'replays.start'
  | 'replays.cancel'
  | 'listeners.pause'
  | 'listeners.resume'
  | 'quarantine.reprocess'
  | 'quarantine.discard';

/** Makes entries of the audit log. */
@Injectable()
export class Audit {
  constructor(private readonly clock: Clock) {}

  /** @param target what it is done to, in the words of the request. */
  entry({ role, requestedBy, address }: Caller, action: AuditedAction, target: object): AuditDraft {
    // The gate lets nobody write without a name.
    return { at: this.clock.now(), role, requestedBy: requestedBy ?? '', address, action, target };
  }
}
