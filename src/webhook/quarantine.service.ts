import { Injectable } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import { Clock } from '../events/clock.js';
import { EventService } from '../events/event.service.js';
import { Store } from '../store/store.js';
import { toReceivedPayload } from './received-payload.js';
import { createPayloadParser } from './payload-parser.js';
import type { SignedRequest } from './signed-request.js';

/** A payload in quarantine, without its body. */
export interface QuarantinedPayload {
  readonly id: number;
  readonly channel: string;
  readonly traceId: string | undefined;
  /** What was wrong with it when it last came. */
  readonly faults: readonly string[];
  /** How often it came. */
  readonly times: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly state: 'held' | 'reprocessed' | 'discarded';
}

/** What {@link QuarantineService.reprocess} led to. */
export type Reprocessed =
  | { readonly accepted: true; readonly newEvents: number }
  | { readonly accepted: false; readonly faults: readonly string[] };

/** Authentic payloads that could not be accepted: kept raw, to be looked at, tried again or discarded. */
@Injectable()
export class QuarantineService {
  private readonly parse: ReturnType<typeof createPayloadParser>;

  constructor(
    config: AppConfig,
    private readonly store: Store,
    private readonly events: EventService,
    private readonly clock: Clock,
  ) {
    this.parse = createPayloadParser(config.unknownValues);
  }

  /** Puts a payload into quarantine; one that is there already is counted. On disk when it resolves. */
  async hold(request: SignedRequest, faults: readonly string[]): Promise<void> {
    await this.store.quarantine({ ...request, errors: faults, receivedAt: this.clock.now() });
  }

  /** Payloads in quarantine, the latest first. */
  async list({ limit = 100, before = Number.MAX_SAFE_INTEGER } = {}): Promise<QuarantinedPayload[]> {
    const rows = await this.store.query(
      this.store.builder
        .selectFrom('quarantine')
        .select(['id', 'channel', 'trace_id', 'errors', 'times', 'first_at', 'last_at', 'state'])
        .where('id', '<', before)
        .where('state', '=', 'held')
        .orderBy('id', 'desc')
        .limit(limit),
    );
    return rows.map((row) => ({
      id: row.id,
      channel: row.channel,
      traceId: row.trace_id ?? undefined,
      faults: JSON.parse(row.errors) as string[],
      times: row.times,
      firstAt: new Date(row.first_at),
      lastAt: new Date(row.last_at),
      state: row.state,
    }));
  }

  /** The received bytes of a payload, or `undefined` where there is none with this id. */
  async read(id: number): Promise<Buffer | undefined> {
    return (await this.request(id))?.body;
  }

  /**
   * Tries a payload again, as it would be accepted now: after a change of the configuration or an upgrade.
   * A crash in the middle leaves it held, and its events are recognised as duplicates the next time.
   */
  async reprocess(id: number): Promise<Reprocessed | undefined> {
    const request = await this.request(id);
    if (request === undefined) return undefined;
    const { payload, faults } = this.parse(request.body);
    if (faults !== undefined) return { accepted: false, faults };
    const newEvents = await this.events.emit(toReceivedPayload(request, payload));
    await this.setState(id, 'reprocessed');
    return { accepted: true, newEvents };
  }

  /** Takes a payload off the list. Its bytes stay in the store. */
  async discard(id: number): Promise<void> {
    await this.setState(id, 'discarded');
  }

  private async setState(id: number, state: QuarantinedPayload['state']): Promise<void> {
    await this.store.query(this.store.builder.updateTable('quarantine').set({ state }).where('id', '=', id));
  }

  private async request(id: number): Promise<SignedRequest | undefined> {
    const [row] = await this.store.query(
      this.store.builder
        .selectFrom('quarantine')
        .select(['channel', 'body', 'secret_index', 'trace_id'])
        .where('id', '=', id),
    );
    if (row === undefined) return undefined;
    const { channel, body, secret_index: secretIndex, trace_id: traceId } = row;
    return { channel, body: Buffer.from(body), secretIndex, traceId: traceId ?? undefined };
  }
}
