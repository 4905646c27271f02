import type Database from 'better-sqlite3';
import { sql, type Kysely } from 'kysely';

import { matches, type ListenerFilter } from '../filter.js';
import { digest } from '../keys.js';
import { prepare } from '../prepared.js';
import type { AppendedEvent, AppendedReceipt, ClaimOffer, EventDraft, ReceiptDraft } from '../records.js';
import type { Schema } from '../schema.js';

/** Written out: a bound LIMIT makes SQLite prepare the statement anew at every run (docs/decisions/0007). */
const ONE = sql.lit(1);
const NOT_CLAIMED: readonly number[] = [];
const DUPLICATE: AppendedEvent = {
  seq: 0,
  late: false,
  claimedBy: NOT_CLAIMED,
  owner: undefined,
  waiting: false,
};

interface ReceiptRow {
  id: number;
  channel: string;
  digest: string | null;
  body: Buffer;
  trace_id: string | null;
  secret_index: number;
  received_at: number;
}

interface EventRow {
  receipt_id: number;
  position: number;
  interaction_key: string;
  dedup_key: string;
  type: string | null;
  interaction_id: string | null;
  media_type: string | null;
  interaction_subtype: string | null;
  self_uri: string | null;
  operation_id: string | null;
  channel: string;
  late: number;
  received_at: number;
}

interface DeliveryRow {
  seq: number;
  listener_id: number;
  interaction_key: string;
  state: 'blocked' | 'pending' | 'running';
  attempt: number;
  due_at: number | null;
  owner: number | null;
}

interface Listener {
  readonly id: number;
  readonly filter: ListenerFilter;
  readonly paused: boolean;
}

/** Appends receipts, their events and the deliveries of each event. Runs inside the caller's transaction. */
export class SqliteEventLog {
  private readonly insertReceipt;
  private readonly insertEvent;
  private readonly insertDelivery;
  private readonly countRedelivery;
  private readonly finishedBefore;
  private readonly lineIsHeld;
  private readonly insertChannel;
  private readonly lastReceipt;
  private readonly selectWorker;
  private readonly selectListeners;
  /** Filters by their JSON: they are parsed once, while the rows are read with every group. */
  private readonly filters = new Map<string, ListenerFilter>();

  constructor(sqlite: Database.Database, db: Kysely<Schema>) {
    this.insertReceipt = prepare<ReceiptRow>(sqlite, (p) =>
      db
        .insertInto('receipts')
        .values({ ...row(p, RECEIPT_COLUMNS) })
        .onConflict((c) =>
          c
            .columns(['channel', 'digest'])
            .where('digest', 'is not', null)
            .doUpdateSet({ redeliveries: sql`redeliveries + 1` }),
        ),
    );
    this.insertEvent = prepare<EventRow>(sqlite, (p) =>
      db
        .insertInto('events')
        .values({ ...row(p, EVENT_COLUMNS) })
        .onConflict((c) => c.columns(['interaction_key', 'dedup_key']).doNothing()),
    );
    this.insertDelivery = prepare<DeliveryRow>(sqlite, (p) =>
      db.insertInto('deliveries').values({ ...row(p, DELIVERY_COLUMNS), holds: 1 }),
    );
    this.countRedelivery = prepare<{ interactionKey: string; dedupKey: string }>(sqlite, (p) =>
      db
        .updateTable('receipts')
        .set({ redeliveries: sql`redeliveries + 1` })
        .where('id', '=', (q) =>
          q
            .selectFrom('events')
            .select('receipt_id')
            .where('interaction_key', '=', p.interactionKey)
            .where('dedup_key', '=', p.dedupKey),
        ),
    );
    this.finishedBefore = prepare<{ interactionKey: string }, unknown>(sqlite, (p) =>
      db
        .selectFrom('events')
        .select('seq')
        .where('interaction_key', '=', p.interactionKey)
        .where('type', '=', 'FINISHED')
        .limit(ONE),
    );
    this.lineIsHeld = prepare<{ interactionKey: string; listenerId: number }, unknown>(sqlite, (p) =>
      db
        .selectFrom('deliveries')
        .select('seq')
        .where('interaction_key', '=', p.interactionKey)
        .where('listener_id', '=', p.listenerId)
        .where('holds', '=', sql.lit(1))
        .limit(ONE),
    );
    this.insertChannel = prepare<{ name: string }>(sqlite, (p) =>
      db
        .insertInto('channels')
        .values({ name: p.name })
        .onConflict((c) => c.doNothing()),
    );
    this.lastReceipt = prepare<object, { id: number | null }>(sqlite, () =>
      db.selectFrom('receipts').select((q) => q.fn.max('id').as('id')),
    );
    this.selectWorker = prepare<{ owner: number }, unknown>(sqlite, (p) =>
      db.selectFrom('workers').select('id').where('id', '=', p.owner),
    );
    this.selectListeners = prepare<object, { id: number; filter: string; paused: number }>(sqlite, () =>
      db.selectFrom('listeners').select(['id', 'filter', 'paused']).where('backfill_seq', 'is', null),
    );
  }

  /**
   * Appends a group of receipts: all or none, as the caller's transaction ends.
   *
   * @param offer deliveries up to these numbers are claimed for their owner at once, which spares the
   * usual case, a listener that keeps up, a claim of its own.
   */
  append(receipts: readonly ReceiptDraft[], offer: ClaimOffer | undefined): AppendedReceipt[] {
    const listeners = this.listeners();
    // A worker that stood still may have been retired meanwhile: what it claimed now nobody would free.
    const owner = offer !== undefined && this.selectWorker.get(offer) !== undefined ? offer.owner : undefined;
    const capacity = { ...offer?.capacity };
    for (const name of new Set(receipts.map(({ channel }) => channel))) this.insertChannel.run({ name });
    let receiptId = (this.lastReceipt.get({})?.id ?? 0) + 1;
    return receipts.map((receipt) => {
      const appended = receipt.events.map((event) => {
        const { seq, late } = this.appendEvent(receiptId, receipt, event);
        if (seq === 0) return DUPLICATE;
        return {
          seq,
          late,
          owner,
          ...this.fanOut(seq, event, receipt.receivedAt, listeners, capacity, owner),
        };
      });
      if (appended.length > 0 && appended.every((event) => event === DUPLICATE)) {
        const { interactionKey, dedupKey } = receipt.events[0] as EventDraft;
        this.countRedelivery.run({ interactionKey, dedupKey });
      } else {
        this.insertReceipt.run({
          id: receiptId++,
          channel: receipt.channel,
          digest: appended.length === 0 ? digest(receipt.body) : null,
          body: receipt.body,
          trace_id: receipt.traceId ?? null,
          secret_index: receipt.secretIndex,
          received_at: receipt.receivedAt,
        });
      }
      return appended;
    });
  }

  private appendEvent(
    receiptId: number,
    { channel, receivedAt }: ReceiptDraft,
    event: EventDraft,
  ): { seq: number; late: boolean } {
    const { interactionKey } = event;
    const late =
      event.type === 'STARTED' &&
      event.interactionId !== undefined &&
      this.finishedBefore.get({ interactionKey }) !== undefined;
    const { changes, lastInsertRowid } = this.insertEvent.run({
      receipt_id: receiptId,
      position: event.position,
      interaction_key: interactionKey,
      dedup_key: event.dedupKey,
      type: event.type ?? null,
      interaction_id: event.interactionId ?? null,
      media_type: event.mediaType ?? null,
      interaction_subtype: event.interactionSubtype ?? null,
      self_uri: event.selfUri ?? null,
      operation_id: event.operationId ?? null,
      channel,
      late: late ? 1 : 0,
      received_at: receivedAt,
    });
    return { seq: changes === 0 ? 0 : lastInsertRowid, late };
  }

  /** Makes the delivery of an event for each listener that wants it. */
  private fanOut(
    seq: number,
    event: EventDraft,
    now: number,
    listeners: readonly Listener[],
    capacity: Record<number, number>,
    owner: number | undefined,
  ): { claimedBy: readonly number[]; waiting: boolean } {
    let claimedBy = NOT_CLAIMED;
    let waiting = false;
    for (const { id, filter, paused } of listeners) {
      if (!matches(filter, event)) continue;
      const { interactionKey } = event;
      const free = paused ? 0 : (capacity[id] ?? 0);
      const held = this.lineIsHeld.get({ interactionKey, listenerId: id }) !== undefined;
      const claim = !held && free > 0 && owner !== undefined;
      if (claim) {
        capacity[id] = free - 1;
        claimedBy = [...claimedBy, id];
      } else {
        waiting = true;
      }
      this.insertDelivery.run({
        seq,
        listener_id: id,
        interaction_key: interactionKey,
        state: held ? 'blocked' : claim ? 'running' : 'pending',
        attempt: claim ? 1 : 0,
        due_at: held || claim ? null : now,
        owner: claim ? owner : null,
      });
    }
    return { claimedBy, waiting };
  }

  /** Read with every group: another process may have registered or paused a listener meanwhile. */
  private listeners(): Listener[] {
    return this.selectListeners.all({}).map(({ id, filter, paused }) => {
      let parsed = this.filters.get(filter);
      if (parsed === undefined) this.filters.set(filter, (parsed = JSON.parse(filter) as ListenerFilter));
      return { id, filter: parsed, paused: paused === 1 };
    });
  }
}

const RECEIPT_COLUMNS = [
  'id',
  'channel',
  'digest',
  'body',
  'trace_id',
  'secret_index',
  'received_at',
] as const satisfies (keyof ReceiptRow)[];

const EVENT_COLUMNS = [
  'receipt_id',
  'position',
  'interaction_key',
  'dedup_key',
  'type',
  'interaction_id',
  'media_type',
  'interaction_subtype',
  'self_uri',
  'operation_id',
  'channel',
  'late',
  'received_at',
] as const satisfies (keyof EventRow)[];

const DELIVERY_COLUMNS = [
  'seq',
  'listener_id',
  'interaction_key',
  'state',
  'attempt',
  'due_at',
  'owner',
] as const satisfies (keyof DeliveryRow)[];

/** The placeholders of some columns, as the values of an insert. */
function row<R, K extends keyof R>(placeholders: R, columns: readonly K[]): Pick<R, K> {
  return Object.fromEntries(columns.map((column) => [column, placeholders[column]])) as Pick<R, K>;
}
