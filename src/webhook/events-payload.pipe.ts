import { Injectable, Logger, type PipeTransform } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import type { ReceivedPayload } from '../events/event.service.js';
import { Metrics } from '../observability/metrics.js';
import { QuarantineService } from './quarantine.service.js';
import { InvalidPayloadError } from './errors.js';
import { createPayloadParser } from './payload-parser.js';
import { toReceivedPayload } from './received-payload.js';
import type { SignedRequest } from './signed-request.js';

/** An authentic request that went into quarantine, where that is to be acknowledged. */
export const QUARANTINED = Symbol('quarantined');

/** Turns verified bytes into a payload. What is authentic but invalid goes into quarantine, never away. */
@Injectable()
export class EventsPayloadPipe implements PipeTransform<SignedRequest> {
  private readonly logger = new Logger(EventsPayloadPipe.name);
  private readonly parse: ReturnType<typeof createPayloadParser>;

  constructor(
    private readonly config: AppConfig,
    private readonly quarantine: QuarantineService,
    private readonly metrics: Metrics,
  ) {
    this.parse = createPayloadParser(config.unknownValues);
  }

  /**
   * @throws InvalidPayloadError once the payload is in quarantine, unless `INVALID_PAYLOAD_STATUS=200`.
   * @throws StoreUnavailableError when it could not be put there.
   */
  async transform(request: SignedRequest): Promise<ReceivedPayload | typeof QUARANTINED> {
    const { payload, faults } = this.parse(request.body);
    const { channel, traceId } = request;
    if (faults === undefined) {
      const received = toReceivedPayload(request, payload);
      // Valid, for every field is optional; but where something on the way took "data" off, nobody else would say so.
      if (received.events.length === 0) {
        this.logger.warn(
          { channel, traceId },
          'An authentic payload holds no event: it is stored, and no listener gets it',
        );
      }
      return received;
    }
    await this.quarantine.hold(request, faults);
    this.metrics.quarantined(channel);
    this.logger.warn({ channel, traceId, faults }, 'An authentic payload is not valid: kept in quarantine');
    if (this.config.invalidPayloadStatus === 200) return QUARANTINED;
    throw new InvalidPayloadError(faults);
  }
}
