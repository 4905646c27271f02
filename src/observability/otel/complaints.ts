import { Logger } from '@nestjs/common';

import { withLogFields } from '../log-context.js';

const QUIET_MS = 60_000;
/** Characters of a message that are logged: a collector can answer with anything. */
const MESSAGE_LIMIT = 300;

/** Says that traces get lost, once a minute at the most: a collector that is down is down for every batch. */
export class Complaints {
  private readonly logger = new Logger('Tracing');
  private last = -Infinity;
  private unsaid = 0;

  /** @param now milliseconds of a clock that is not set back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  complain(what: string): void {
    if (this.now() - this.last < QUIET_MS) {
      this.unsaid++;
      return;
    }
    const more = this.unsaid > 0 ? ` (${this.unsaid} more like it since the last such line)` : '';
    this.last = this.now();
    this.unsaid = 0;
    const message = `Traces get lost, and nothing else: ${what.slice(0, MESSAGE_LIMIT)}${more}`;
    // Not about the request in whose turn it is noticed.
    withLogFields({}, () => this.logger.warn(message));
  }
}
