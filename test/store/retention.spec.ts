import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { AuditDraft } from '../../src/store/records.js';
import { DAY, DAYS, receiptOf, RetainedStore } from './retained-store.js';

const NONE = { events: 0, deliveries: 0, receipts: 0 };
const OLD = DAYS + 1;
const YOUNG = DAYS - 1;

let place: RetainedStore;
beforeEach(async () => {
  place = await RetainedStore.open();
});
afterEach(() => place.close());

describe('the retention', () => {
  it('removes events that are old and done, with receipts and deliveries, and leaves the others', async () => {
    for (let i = 0; i < 230; i++) void place.store.append(receiptOf(place.now - OLD * DAY));
    await place.append(OLD);
    const young = [...(await place.append(YOUNG)), ...(await place.append(0))];
    expect(await place.retain()).toBe(231);
    expect(await place.seqs()).toEqual(young);
    expect(await place.count('deliveries')).toBe(2);
    expect(await place.count('receipts')).toBe(2);
    expect(await place.orphans()).toEqual(NONE);
  });

  it('never removes an event with a delivery that waits or is dead, nor its receipt, until that is over', async () => {
    const [dead] = await place.append(OLD, 'dead');
    await place.append(OLD);
    const [pending] = await place.append(OLD, 'pending');
    const [young] = await place.append(0, 'pending');
    expect(await place.retain()).toBe(1);
    expect(await place.seqs()).toEqual([dead, pending, young]);
    expect(await place.count('receipts')).toBe(3);
    expect(await place.count('attempts')).toBe(1);

    await place.deliver('done');
    expect(await place.retain()).toBe(1);
    expect(await place.seqs()).toEqual([dead, young]);

    await place.store.call('discard', { filter: {}, now: place.now });
    expect(await place.retain()).toBe(1);
    expect(await place.seqs()).toEqual([young]);
    expect(await place.count('attempts')).toBe(0);
    expect(await place.count('retention_kept')).toBe(0);
    expect(await place.orphans()).toEqual(NONE);
  });

  it('keeps a receipt as long as one of its events is there, whichever that is', async () => {
    const seqs = await place.append(OLD, 'pending', 3);
    const [last] = await place.append(0, 'pending');
    const finish = async (seq: number | undefined): Promise<void> => {
      await place.store.call('discard', { filter: { seqs: [seq ?? 0] }, now: place.now });
    };
    for (const [i, left] of [
      [1, 2],
      [0, 1],
      [2, 0],
    ] as const) {
      await finish(seqs[i]);
      expect(await place.retain()).toBe(1);
      expect(await place.seqs()).toHaveLength(left + 1);
      expect(await place.orphans()).toEqual(NONE);
      expect(await place.count('receipts')).toBe(left === 0 ? 1 : 2);
    }
    expect(await place.seqs()).toEqual([last]);
  });

  it('keeps the receipt of events that it has not come to yet', async () => {
    // The batch ends in the middle of the receipt.
    await place.append(OLD, 'done', 150);
    await place.append(0);
    const step = { part: 'log', before: place.now - DAYS * DAY, now: place.now } as const;
    expect(await place.store.call('retain', step)).toEqual({ removed: 100, more: true });
    expect(await place.count('receipts')).toBe(2);
    expect(await place.orphans()).toEqual(NONE);
    expect(await place.retain()).toBe(50);
    expect(await place.count('receipts')).toBe(1);
  });

  it('looks at all that it had to keep again, however many those are', async () => {
    const seqs = await place.append(OLD, 'dead', 200);
    await place.append(0);
    expect(await place.retain()).toBe(0);
    for (const removed of [1, 0, 1, 0]) {
      if (removed === 1) {
        await place.store.call('discard', { filter: { seqs: [seqs.pop() ?? 0] }, now: place.now });
      }
      expect(await place.retain()).toBe(removed);
    }
    expect(await place.count('retention_kept')).toBe(198);
    expect(await place.orphans()).toEqual(NONE);
  });

  it('does not go through what it had to keep again: that is written down', async () => {
    for (let i = 0; i < 3; i++) await place.append(OLD, 'dead');
    for (let i = 0; i < 3; i++) await place.append(OLD);
    await place.append(0);
    await place.retain();
    expect(await place.count('retention_kept')).toBe(3);
    const step = { part: 'log', before: place.now, now: place.now - DAY } as const;
    expect(await place.store.call('retain', step)).toEqual({ removed: 0, more: false });
  });

  it('is not held up by an event from the future, which a wrong clock has left', async () => {
    const [future] = await place.append(-1000);
    await place.append(OLD);
    const [last] = await place.append(0);
    expect(await place.retain()).toBe(1);
    expect(await place.seqs()).toEqual([future, last]);
    place.now += 2000 * DAY;
    await place.append(0);
    expect(await place.retain()).toBe(2);
  });

  it('never frees the number of the last event for the next one', async () => {
    const [last = 0] = await place.append(OLD);
    await place.retain();
    const [next = 0] = await place.append(0);
    expect(next).toBeGreaterThan(last);
    expect(await place.retain()).toBe(1);
    expect(await place.seqs()).toEqual([next]);
  });

  it('waits for replays and for listeners that catch up from the beginning', async () => {
    const { store, listenerId } = place;
    await place.append(OLD);
    await place.append(0);
    await store.call('startReplay', { listenerId, filter: {}, now: place.now });
    expect(await place.retain()).toBe(0);
    while ((await store.call('advance', { now: place.now })).moved);
    await place.deliver('done');

    const late = { name: 'late', from: 'beginning', filter: {} } as const;
    await store.call('register', { listeners: [late], now: place.now });
    expect(await place.retain()).toBe(0);
    expect(await place.seqs()).toHaveLength(2);

    while ((await store.call('advance', { now: place.now })).moved);
    await store.call('discard', { filter: {}, now: place.now });
    expect(await place.retain()).toBe(1);
  });

  it('removes what belongs to no event: empty payloads, settled quarantine, ended replays', async () => {
    const { store, listenerId } = place;
    const { builder } = store;
    const then = place.now - OLD * DAY;
    for (const receivedAt of [then, place.now]) {
      await store.append({ ...receiptOf(receivedAt), events: [] });
      for (const state of ['held', 'discarded', 'reprocessed', 'reprocessed'] as const) {
        const { body, channel } = receiptOf(0);
        const fault = { channel, body, traceId: undefined, secretIndex: 0, receivedAt, errors: ['no'] };
        await store.quarantine(fault);
        const last = builder.selectFrom('quarantine').select((q) => q.fn.max('id').as('id'));
        await store.query(builder.updateTable('quarantine').set({ state }).where('id', '=', last));
      }
    }
    await store.call('startReplay', { listenerId, filter: {}, now: then });
    while ((await store.call('advance', { now: then })).moved);
    await store.call('startReplay', { listenerId, filter: {}, now: place.now });

    await place.retain();
    const replays = await store.query(builder.selectFrom('replays').select('id'));
    const quarantine = await store.query(builder.selectFrom('quarantine').select('state').orderBy('id'));
    expect(replays).toHaveLength(1);
    expect(quarantine.map(({ state }) => state)).toEqual([
      'held',
      ...['held', 'discarded', 'reprocessed', 'reprocessed'],
    ]);
    expect(await place.count('receipts')).toBe(1);
  });

  it('removes transcripts and finished interactions with their last event, and never an open one', async () => {
    const { store } = place;
    const { builder } = store;
    for (const [id, finishedAt] of [
      ['over', 1],
      ['open', null],
      ['again', 1],
    ] as const) {
      const [seq = 0] = await place.append(OLD);
      const [event] = await store.query(builder.selectFrom('events').selectAll().where('seq', '=', seq));
      const interaction_key = event?.interaction_key ?? '';
      const interaction = { interaction_key, interaction_id: id, channel: 'default', seq };
      await store.query(
        builder.insertInto('interactions').values({ ...interaction, finished_at: finishedAt }),
      );
      const transcript = { seq, interaction_key, uri: '/', body: Buffer.from('x'), size: 1, fetched_at: 1 };
      await store.query(builder.insertInto('transcripts').values(transcript));
      if (id !== 'again') continue;
      const young = receiptOf(place.now);
      await store.append({
        ...young,
        events: young.events.map((draft) => ({ ...draft, interactionKey: interaction_key })),
      });
    }
    await place.append(0);
    expect(await place.retain()).toBe(3);
    const left = await store.query(
      builder.selectFrom('interactions').select('interaction_id').orderBy('seq'),
    );
    expect(left.map((row) => row.interaction_id)).toEqual(['open', 'again']);
    expect(await store.query(builder.selectFrom('transcripts').select('seq'))).toEqual([]);
  });

  it('leaves the audit log alone', async () => {
    const audit: AuditDraft = {
      at: 1,
      role: 'operator',
      requestedBy: 'somebody',
      address: '::1',
      action: 'listeners.pause',
      target: {},
    };
    await place.store.call('setPaused', { listenerId: place.listenerId, paused: false }, audit);
    await place.append(OLD);
    await place.append(0);
    expect(await place.retain()).toBe(1);
    const rows = await place.store.query(place.store.builder.selectFrom('audit_log').select('id'));
    expect(rows).toHaveLength(1);
  });

  it('is at work in one process at a time, and again some minutes later', async () => {
    await place.append(OLD);
    await place.append(0);
    const runs = await Promise.all([
      place.retention().run(),
      place.retention().run(),
      place.retention().run(),
    ]);
    expect(runs.toSorted()).toEqual([1, undefined, undefined]);
    expect(await place.retention().run()).toBeUndefined();
    place.now += 10 * 60_000;
    expect(await place.retention().run()).toBe(0);
  });

  it('takes the turn that a process with a wrong clock has put years ahead', async () => {
    await place.append(OLD);
    await place.append(0);
    const { now } = place;
    place.now += 4000 * DAY;
    await place.store.query(place.store.builder.updateTable('retention').set({ next_at: place.now }));
    place.now = now;
    expect(await place.retention().run()).toBe(1);
  });
});
