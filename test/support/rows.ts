import type { Selectable } from 'kysely';

import type {
  AttemptTable,
  DeliveryState,
  EventTable,
  QuarantineTable,
  ReceiptTable,
} from '../../src/store/schema.js';
import type { TestService } from './service.js';

/** Every receipt, in the order in which they came. */
export async function receiptsOf({ store }: TestService): Promise<Selectable<ReceiptTable>[]> {
  const rows = await store.query(store.builder.selectFrom('receipts').selectAll().orderBy('id'));
  return rows.map(withBuffer);
}

/** Every event, in the order of the log. */
export function eventsOf({ store }: TestService): Promise<Selectable<EventTable>[]> {
  return store.query(store.builder.selectFrom('events').selectAll().orderBy('seq'));
}

/** Everything that ever went into quarantine, in the order in which it first came. */
export async function quarantineOf({ store }: TestService): Promise<Selectable<QuarantineTable>[]> {
  const rows = await store.query(store.builder.selectFrom('quarantine').selectAll().orderBy('id'));
  return rows.map(withBuffer);
}

/** How many rows each table has that a request can write to. */
export async function countRows(
  service: TestService,
): Promise<{ receipts: number; events: number; quarantine: number }> {
  const [receipts, events, quarantine] = await Promise.all([
    receiptsOf(service),
    eventsOf(service),
    quarantineOf(service),
  ]);
  return { receipts: receipts.length, events: events.length, quarantine: quarantine.length };
}

/** A BLOB crosses the store's thread as a plain Uint8Array. */
function withBuffer<R extends { body: Buffer }>(row: R): R {
  return { ...row, body: Buffer.from(row.body) };
}

/** The rows that came after a moment: what a test looks at that shares its service with others. */
export interface NewRows {
  receipts(): ReturnType<typeof receiptsOf>;
  events(): ReturnType<typeof eventsOf>;
  quarantine(): ReturnType<typeof quarantineOf>;
}

/** Gives access to the rows that come from now on. */
export async function rowsFromNow(service: TestService): Promise<NewRows> {
  const before = await countRows(service);
  return {
    receipts: async () => (await receiptsOf(service)).slice(before.receipts),
    events: async () => (await eventsOf(service)).slice(before.events),
    quarantine: async () => (await quarantineOf(service)).slice(before.quarantine),
  };
}

/** Every delivery of a listener, in the order of the log. */
export function deliveriesOf({ store }: TestService, listener = 'recorder') {
  return store.query(
    store.builder
      .selectFrom('deliveries as d')
      .innerJoin('listeners as l', 'l.id', 'd.listener_id')
      .innerJoin('events as e', 'e.seq', 'd.seq')
      .select(['d.seq', 'd.state', 'd.attempt', 'd.last_error', 'e.type', 'e.interaction_id'])
      .where('l.name', '=', listener)
      .orderBy('d.seq'),
  );
}

/** The state of each delivery of a listener, in the order of the log. */
export async function statesOf(service: TestService, listener?: string): Promise<DeliveryState[]> {
  return (await deliveriesOf(service, listener)).map(({ state }) => state);
}

/** Every failed attempt, in order. */
export function attemptsOf({ store }: TestService): Promise<Selectable<AttemptTable>[]> {
  return store.query(store.builder.selectFrom('attempts').selectAll().orderBy('seq').orderBy('attempt'));
}
