import { Injectable } from '@nestjs/common';

import { AppConfig } from '../config/app-config.js';
import { Clock } from '../events/clock.js';
import { EventService } from '../events/event.service.js';
import type { AuditDraft } from '../store/records.js';
import { Store } from '../store/store.js';
import { toReceivedPayload } from './received-payload.js';
import { createPayloadParser } from './payload-parser.js';
import type { SignedRequest } from './signed-request.js';

/** Payloads of one batch, and those of them that are tried at once. */
const BATCH = 200;
const AT_ONCE = 8;

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

/** Picks held payloads. */
export interface QuarantineSelection {
  readonly ids?: readonly number[];
  readonly channels?: readonly string[];
  /** One of its faults. */
  readonly error?: string;
}

/** How one batch of a command is to be carried out. */
export interface QuarantineCommand {
  /** The last id of the batch before. */
  readonly after?: number | undefined;
  /** Entered into the audit log in the transaction that does it; its count is that of the payloads. */
  readonly audit?: AuditDraft;
}

/** What came of a batch. */
export interface QuarantineBatch {
  /** Payloads that are not held any more. */
  readonly count: number;
  /** Those that are still not valid, and stay. */
  readonly failed: readonly { readonly id: number; readonly faults: readonly string[] }[];
  /** The last id that was looked at, if there may be more. */
  readonly next: number | undefined;
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
    const result = await this.accept(id);
    if (result?.accepted === true) await this.setState([id], 'reprocessed');
    return result;
  }

  /**
   * Tries held payloads again, a batch of them.
   *
   * @throws OverloadedError, StoreUnavailableError when the store takes no more; what was accepted by then is.
   */
  async reprocessBatch(
    selection: QuarantineSelection,
    { after, audit }: QuarantineCommand = {},
  ): Promise<QuarantineBatch> {
    const { ids, next } = await this.held(selection, after);
    const accepted: number[] = [];
    const failed: { id: number; faults: readonly string[] }[] = [];
    try {
      for (let i = 0; i < ids.length; i += AT_ONCE) {
        // Side by side, so that they share commits; and few of them, for each is a whole body in memory.
        const tried = ids.slice(i, i + AT_ONCE).map(async (id) => {
          const result = await this.accept(id);
          if (result?.accepted === true) accepted.push(id);
          else if (result !== undefined) failed.push({ id, faults: result.faults });
        });
        const refused = (await Promise.allSettled(tried)).find(({ status }) => status === 'rejected');
        if (refused?.status === 'rejected') throw refused.reason;
      }
    } finally {
      await this.setState(accepted, 'reprocessed', audit);
    }
    return { count: accepted.length, failed: failed.toSorted((a, b) => a.id - b.id), next };
  }

  /** Takes held payloads off the list, a batch of them. Their bytes stay in the store. */
  async discardBatch(
    selection: QuarantineSelection,
    { after, audit }: QuarantineCommand = {},
  ): Promise<QuarantineBatch> {
    const { ids, next } = await this.held(selection, after);
    await this.setState(ids, 'discarded', audit);
    return { count: ids.length, failed: [], next };
  }

  /** Takes a payload off the list. Its bytes stay in the store. */
  async discard(id: number): Promise<void> {
    await this.setState([id], 'discarded');
  }

  /** Emits the events of a payload, if it is valid by the rules of now. */
  private async accept(id: number): Promise<Reprocessed | undefined> {
    const request = await this.request(id);
    if (request === undefined) return undefined;
    const { payload, faults } = this.parse(request.body);
    if (faults !== undefined) return { accepted: false, faults };
    return { accepted: true, newEvents: await this.events.emit(toReceivedPayload(request, payload)) };
  }

  /** The ids of one batch of held payloads, in their order. */
  private async held(
    { ids, channels, error }: QuarantineSelection,
    after = 0,
  ): Promise<{ ids: number[]; next: number | undefined }> {
    let query = this.store.builder
      .selectFrom('quarantine')
      .select(['id', 'errors'])
      .where('state', '=', 'held')
      .where('id', '>', after)
      .orderBy('id')
      .limit(BATCH);
    if (ids !== undefined) query = query.where('id', 'in', ids);
    if (channels !== undefined) query = query.where('channel', 'in', channels);
    const rows = await this.store.query(query);
    const picked = rows.filter(
      ({ errors }) => error === undefined || (JSON.parse(errors) as string[]).includes(error),
    );
    return { ids: picked.map(({ id }) => id), next: rows.length < BATCH ? undefined : rows.at(-1)?.id };
  }

  private async setState(
    ids: readonly number[],
    state: QuarantinedPayload['state'],
    audit?: AuditDraft,
  ): Promise<void> {
    const { sql, parameters } = this.store.builder
      .updateTable('quarantine')
      .set({ state })
      // No payload has the id 0, and not every engine takes an empty list.
      .where('id', 'in', ids.length === 0 ? [0] : ids)
      // One whose events were delivered meanwhile stays what it is.
      .$if(state === 'discarded', (query) => query.where('state', '=', 'held'))
      .compile();
    await this.store.call('query', { sql, parameters }, audit && { ...audit, count: ids.length });
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
