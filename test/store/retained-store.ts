import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventKeys } from '../../src/store/keys.js';
import { openStore } from '../../src/store/open.js';
import type { ReceiptDraft, Settlement } from '../../src/store/records.js';
import { Retention } from '../../src/store/retention/retention.js';
import type { DeliveryState } from '../../src/store/schema.js';
import type { Store } from '../../src/store/store.js';
import { databaseOf, removeDatabase } from '../support/engine.js';

export const DAY = 86_400_000;
/** The days that tests keep events. */
export const DAYS = 30;

let counter = 0;

/** A receipt of some events, each of an interaction of its own. */
export function receiptOf(receivedAt: number, size = 1): ReceiptDraft {
  const body = Buffer.from(`receipt ${++counter}`);
  const events = Array.from({ length: size }, (_, position) => {
    const interactionId = `interaction-${++counter}`;
    const event = {
      channel: 'default',
      type: 'FINISHED',
      position,
      interactionId,
      operationId: `operation-${counter}`,
      mediaType: 'chat',
      interactionSubtype: undefined,
      selfUri: undefined,
    };
    return { ...event, ...eventKeys(event, body) };
  });
  return { channel: 'default', body, traceId: undefined, secretIndex: 0, receivedAt, events };
}

/** A store with one listener, and a clock that a test moves. */
export class RetainedStore {
  now = 1_800_000_000_000;
  private constructor(
    readonly folder: string,
    readonly store: Store,
    readonly listenerId: number,
    private readonly owner: number,
  ) {}

  static async open(): Promise<RetainedStore> {
    const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-retention-'));
    const store = await openStore(await databaseOf(folder), { maxPending: 10_000 });
    const listener = { name: 'crm', from: 'now', filter: {} } as const;
    const { crm = 0 } = await store.call('register', { listeners: [listener], now: 1 });
    const owner = await store.call('enroll', { pid: 1, now: 1, leaseMs: 1e12 });
    return new RetainedStore(folder, store, crm, owner);
  }

  async close(): Promise<void> {
    await this.store.close();
    await removeDatabase(this.folder);
    rmSync(this.folder, { recursive: true });
  }

  /** Appends receipts of that age, and hands their deliveries to the listener, which leaves them in a state. */
  async append(ageInDays: number, state: 'pending' | 'done' | 'dead' = 'done', size = 1): Promise<number[]> {
    const draft = receiptOf(this.now - ageInDays * DAY, size);
    const [first] = await this.store.append(draft);
    if (state !== 'pending') await this.deliver(state);
    return draft.events.map((_, i) => (first?.seq ?? 0) + i);
  }

  /** Claims all that is due, and settles it. */
  async deliver(state: 'done' | 'dead'): Promise<void> {
    const wanted = [{ listenerId: this.listenerId, limit: 10_000 }];
    const { deliveries } = await this.store.call('claim', { owner: this.owner, wanted, now: this.now });
    const result: Settlement['result'] =
      state === 'done' ? { state } : { state, outcome: 'permanent', error: 'no', park: false };
    const settlements = deliveries.map(({ listenerId, owner, attempt, interactionKey, event }) => {
      return {
        ...{ seq: event.seq, listenerId, interactionKey, owner, attempt, result },
        ...{ startedAt: 1, duration: 1 },
      };
    });
    await this.store.call('settle', { settlements, now: this.now });
  }

  /** A run in a process of its own, some minutes after the last. */
  retain(): Promise<number | undefined> {
    this.now += 20 * 60_000;
    return this.retention().run();
  }

  retention(): Retention {
    return new Retention(this.store, { days: DAYS, now: () => this.now });
  }

  async seqs(): Promise<number[]> {
    const { store } = this;
    const rows = await store.query(store.builder.selectFrom('events').select('seq').orderBy('seq'));
    return rows.map(({ seq }) => seq);
  }

  async states(): Promise<Record<number, DeliveryState>> {
    const { store } = this;
    const rows = await store.query(store.builder.selectFrom('deliveries').select(['seq', 'state']));
    return Object.fromEntries(rows.map(({ seq, state }) => [seq, state]));
  }

  async count(table: 'receipts' | 'attempts' | 'deliveries' | 'retention_kept'): Promise<number> {
    const { store } = this;
    const [row] = await store.query(
      store.builder.selectFrom(table).select((q) => q.fn.countAll<number>().as('count')),
    );
    return row?.count ?? 0;
  }

  /** What has lost what it belongs to: there must be none. */
  async orphans(): Promise<{ events: number; deliveries: number; receipts: number }> {
    const { store } = this;
    const { builder } = store;
    const events = builder
      .selectFrom('events')
      .select('seq')
      .where('receipt_id', 'not in', (q) => q.selectFrom('receipts').select('id'));
    const deliveries = builder
      .selectFrom('deliveries')
      .select('seq')
      .where('seq', 'not in', (q) => q.selectFrom('events').select('seq'));
    const receipts = builder
      .selectFrom('receipts')
      .select('id')
      .where('digest', 'is', null)
      .where('id', 'not in', (q) => q.selectFrom('events').select('receipt_id'));
    const [a, b, c] = await Promise.all([
      store.query(events),
      store.query(deliveries),
      store.query(receipts),
    ]);
    return { events: a.length, deliveries: b.length, receipts: c.length };
  }
}
