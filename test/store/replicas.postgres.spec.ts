import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { eventKeys } from '../../src/store/keys.js';
import { APPEND_STATEMENT, appendValues } from '../../src/store/postgres/append-statement.js';
import type { AppendedEvent, ReceiptDraft } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { connectTo } from '../support/engine.js';
import { receipt, TestStore } from '../support/store.js';

/** Two replicas, each with a store of its own on one database. */
let place: TestStore;
let one: Store;
let other: Store;
beforeEach(async () => {
  place = TestStore.create();
  [one, other] = await Promise.all([place.open(), place.open()]);
});
afterEach(() => place.remove());

const LISTENERS = [
  { name: 'all', filter: {}, from: 'now' },
  { name: 'chats', filter: { mediaType: ['chat'] }, from: 'now' },
] as const;
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `interaction-${i}`);

function receiptOf(interactionId: string, type: 'STARTED' | 'FINISHED'): ReceiptDraft {
  const draft = receipt(interactionId);
  const [event] = draft.events;
  if (event === undefined) throw new Error('a receipt has an event');
  const changed = { ...event, type, operationId: `${type} of ${interactionId}` };
  return { ...draft, events: [{ ...changed, ...eventKeys(changed, draft.body) }] };
}

/** Claims and settles in turns until nothing is left; what each listener was handed, in order. */
async function deliverAll(stores: readonly Store[], now: number): Promise<Map<string, number[]>> {
  const handed = new Map<string, number[]>();
  const owners = await Promise.all(
    stores.map((store) => store.call('enroll', { pid: 1, now, leaseMs: 60_000 })),
  );
  const wanted = [1, 2].map((listenerId) => ({ listenerId, limit: 7 }));
  for (let idle = 0; idle < 2;) {
    const rounds = stores.map(async (store, i) => {
      const owner = owners[i] as number;
      const { deliveries } = await store.call('claim', { owner, wanted, now });
      for (const { listenerId, interactionKey, event } of deliveries) {
        const line = `${listenerId} ${interactionKey}`;
        handed.set(line, [...(handed.get(line) ?? []), event.seq]);
      }
      const settlements = deliveries.map(({ listenerId, interactionKey, attempt, event }) => ({
        seq: event.seq,
        ...{ listenerId, interactionKey, owner, attempt, startedAt: now, duration: 1 },
        result: { state: 'done' } as const,
      }));
      if (settlements.length > 0) await store.call('settle', { settlements, now });
      return deliveries.length;
    });
    idle = (await Promise.all(rounds)).every((count) => count === 0) ? idle + 1 : 0;
  }
  return handed;
}

describe('two replicas that receive the STARTED and the FINISHED of an interaction at once', () => {
  it('agree on their order, whichever comes first, 400 times', async () => {
    await one.call('register', { listeners: LISTENERS, now: 1 });
    const ids = names(400);
    const appended = await Promise.all(
      ids.map((id, i) => {
        const [first, second] = i % 2 === 0 ? [one, other] : [other, one];
        return Promise.all([
          first.append(receiptOf(id, 'STARTED')).then(([event]) => event as AppendedEvent),
          second.append(receiptOf(id, 'FINISHED')).then(([event]) => event as AppendedEvent),
        ]);
      }),
    );
    for (const [started, finished] of appended) expect(started.late).toBe(finished.seq < started.seq);

    const lines = new Map<string, { seq: number; state: string }[]>();
    const rows = await one.query(
      one.builder
        .selectFrom('deliveries')
        .select(['interaction_key', 'listener_id', 'seq', 'state'])
        .orderBy('seq'),
    );
    for (const { interaction_key: key, listener_id: listener, ...row } of rows) {
      const line = `${listener} ${key}`;
      lines.set(line, [...(lines.get(line) ?? []), row]);
    }
    expect(lines.size).toBe(2 * ids.length);
    for (const line of lines.values()) expect(line.map(({ state }) => state)).toEqual(['pending', 'blocked']);

    const handed = await deliverAll([one, other], Date.now());
    expect(handed.size).toBe(2 * ids.length);
    for (const seqs of handed.values()) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect([...handed.values()].every((seqs) => seqs.length === 2)).toBe(true);
  }, 60_000);

  it('store an event once that both receive, 200 times', async () => {
    const ids = names(200);
    const appended = await Promise.all(
      ids.map((id) => Promise.all([one.append(receipt(id)), other.append(receipt(id))])),
    );
    const fresh = appended.map((both) => both.flat().filter(({ seq }) => seq > 0).length);
    expect(fresh).toEqual(ids.map(() => 1));
    const receipts = await one.query(one.builder.selectFrom('receipts').select('redeliveries'));
    expect(receipts).toEqual(ids.map(() => ({ redeliveries: 1 })));
  });

  it('store payloads of hundreds of interactions, in any order, without a deadlock', async () => {
    const shuffled = (rotate: number): ReceiptDraft => {
      const drafts = names(600).map((id) => receipt(id, { channel: 'default' }));
      const events = [...drafts.slice(rotate), ...drafts.slice(0, rotate)].flatMap((draft) => draft.events);
      return { ...receipt('many'), events: events.map((event, position) => ({ ...event, position })) };
    };
    const appended = await Promise.all(
      [0, 100, 200, 300, 400, 500].map((rotate, i) => (i % 2 === 0 ? one : other).append(shuffled(rotate))),
    );
    expect(appended.flat().filter(({ seq }) => seq > 0)).toHaveLength(600);
  });
});

describe('the horizon of the log', () => {
  it('is before an event that is not committed, although later ones are', async () => {
    await one.append(receipt('before'));
    const before = await one.horizon();
    const slow = await connectTo(place.folder);
    await slow.query('begin');
    const { rows } = await slow.query<{ appended: [[number]] }>(
      APPEND_STATEMENT,
      appendValues([receipt('slow')], undefined),
    );
    const [appended] = await other.append(receipt('after'));
    expect(appended?.seq).toBeGreaterThan(rows[0]?.appended[0][0] ?? Infinity);
    expect(await one.horizon()).toBe(before);
    await slow.query('rollback');
    await slow.end();
    expect(await one.horizon()).toBe(appended?.seq);
  });

  it('is not held back by another transaction that writes', async () => {
    const [first] = await one.append(receipt('before'));
    const busy = await connectTo(place.folder);
    await busy.query('begin; update probe set written_at = 1');
    expect(await one.horizon()).toBe(first?.seq);
    await busy.end();
  });
});

describe('a listener that wants the log from its beginning', () => {
  it('gets every event once and in order, while both replicas append', async () => {
    const ids = names(150);
    for (const id of ids.slice(0, 50)) await one.append(receiptOf(id, 'STARTED'));
    await one.call('register', { listeners: [{ name: 'old', filter: {}, from: 'beginning' }], now: 1 });
    const appending = Promise.all(
      ids.map(async (id, i) => {
        await (i % 2 === 0 ? one : other).append(receiptOf(id, 'STARTED'));
        await (i % 2 === 0 ? other : one).append(receiptOf(id, 'FINISHED'));
      }),
    );
    const isLive = async (): Promise<boolean> => {
      const [row] = await one.query(one.builder.selectFrom('listeners').select('backfill_seq'));
      return row?.backfill_seq === null;
    };
    while (!(await isLive())) {
      await Promise.all([one.call('advance', { now: 1 }), other.call('advance', { now: 1 })]);
    }
    await appending;
    const handed = await deliverAll([one, other], Date.now());
    expect(handed.size).toBe(ids.length);
    for (const seqs of handed.values()) {
      expect(seqs).toHaveLength(2);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }
  }, 60_000);
});

describe('the lease of a worker', () => {
  it('ends by the clock of the database, whatever the clocks of the replicas say', async () => {
    const leaseMs = 60_000;
    const ahead = Date.now() + 10 * leaseMs;
    const owner = await one.call('enroll', { pid: 1, now: Date.now(), leaseMs });
    const rival = await other.call('enroll', { pid: 2, now: ahead, leaseMs });
    expect(await other.call('heartbeat', { owner: rival, now: ahead, leaseMs })).toBe(true);
    expect(await one.call('heartbeat', { owner, now: Date.now(), leaseMs })).toBe(true);
  });

  it('ends for one that is gone, whose deliveries go to another', async () => {
    await one.call('register', { listeners: LISTENERS, now: 1 });
    const owner = await one.call('enroll', { pid: 1, now: 1, leaseMs: 1 });
    one.offerClaims(() => ({ owner, capacity: { 1: 1, 2: 1 } }));
    const [event] = await one.append(receipt('held'));
    expect(event).toMatchObject({ claimedBy: [1, 2], owner });
    const rival = await other.call('enroll', { pid: 2, now: 1, leaseMs: 60_000 });
    const leases = (): Promise<unknown[]> => one.query(one.builder.selectFrom('workers').select('id'));
    while ((await leases()).length > 1)
      await other.call('heartbeat', { owner: rival, now: 1, leaseMs: 60_000 });
    const rows = await one.query(one.builder.selectFrom('deliveries').select(['state', 'owner', 'attempt']));
    expect(rows).toEqual(Array(2).fill({ state: 'pending', owner: null, attempt: 1 }));
    expect(await one.call('heartbeat', { owner, now: 1, leaseMs: 60_000 })).toBe(false);
    // Nor does it get any more, under a name that nobody would free.
    expect(await one.append(receipt('later'))).toMatchObject([{ claimedBy: [], waiting: true }]);
  });
});
