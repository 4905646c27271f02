import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { OverloadedError, StoreUnavailableError } from '../../src/store/errors.js';
import type { ReceiptDraft } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { interactionIds, receipt, TestStore, UNSTORABLE } from '../support/store.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

const names = (count: number, prefix = 'interaction'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
/** A receipt that no table takes. */
const broken = (id: string): ReceiptDraft => receipt(id, { secretIndex: UNSTORABLE });

/** The interaction ids of every stored event: groups that are under way at once are stored in any order. */
const sortedIds = async (store: Store): Promise<unknown[]> => (await interactionIds(store)).sort();

describe('appends that come at once', () => {
  it('share commits, and each is told what became of its own events', async () => {
    const store = await place.open();
    const before = await place.commits();
    const ids = names(400);
    const appended = await Promise.all(ids.map((id) => store.append(receipt(id))));
    const commits = (await place.commits()) - before;
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThan(ids.length / 20);
    const log = await store.query(store.builder.selectFrom('events').select(['seq', 'interaction_id']));
    const bySeq = new Map(log.map((event) => [event.seq, event.interaction_id]));
    expect(appended.map(([event]) => bySeq.get(event?.seq ?? 0))).toEqual(ids);
    expect(bySeq.size).toBe(ids.length);
  });

  it('one after the other are a commit each', async () => {
    const store = await place.open();
    const before = await place.commits();
    for (const id of names(10)) await store.append(receipt(id));
    expect((await place.commits()) - before).toBe(10);
  });

  it('are committed when they resolve: another connection sees them', async () => {
    const store = await place.open();
    await Promise.all(
      names(40).map(async (id) => {
        await store.append(receipt(id));
        expect(await place.seen()).toContain(id);
      }),
    );
  });

  it('of one event are one event, and all but the first are told so', async () => {
    const store = await place.open();
    const appended = await Promise.all(names(50).map(() => store.append(receipt('same'))));
    expect(appended.filter(([event]) => event?.seq === 0)).toHaveLength(49);
    await expect(interactionIds(store)).resolves.toEqual(['same']);
  });
});

describe('a call that fails', () => {
  it('does not fail the others of its group, whatever their kind', async () => {
    const store = await place.open();
    const [append, query, wrong, quarantine] = await Promise.allSettled([
      store.append(receipt('stored')),
      store.query(store.builder.selectFrom('probe').select('written_at')),
      store.call('query', { sql: 'select * from nowhere', parameters: [] }),
      store.call('quarantine', { ...receipt('quarantined'), errors: ['broken'] }),
    ]);
    expect([append.status, query.status, quarantine.status]).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(wrong).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
    await expect(interactionIds(store)).resolves.toEqual(['stored']);
  });

  it('stores nothing when it is an append, and fails no other call', async () => {
    const store = await place.open();
    const [append, query, quarantine] = await Promise.allSettled([
      store.append(broken('broken')),
      store.query(store.builder.selectFrom('probe').select('written_at')),
      store.call('quarantine', { ...receipt('quarantined'), errors: ['broken'] }),
    ]);
    expect([append.status, query.status, quarantine.status]).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    await expect(interactionIds(store)).resolves.toEqual([]);
    await store.append(receipt('later'));
    await expect(interactionIds(store)).resolves.toEqual(['later']);
  });

  it('is alone to fail when it is an append among others, which keep their order', async () => {
    const store = await place.open();
    const ids = names(60);
    const appends = ids.map((id, i) => store.append(i % 20 === 7 ? broken(id) : receipt(id)));
    // The group is being tried by now; what comes meanwhile is behind it.
    await new Promise((resolve) => setImmediate(resolve));
    appends.push(store.append(receipt('later')));
    const settled = await Promise.allSettled(appends);
    expect(settled.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([7, 27, 47]);
    const stored = await interactionIds(store);
    expect(stored.filter((id) => id !== 'later')).toEqual(ids.filter((_, i) => i % 20 !== 7));
    expect(stored).toContain('later');
    expect(store.backlog).toBe(0);
  });

  it('leaves nothing of a receipt of which one event cannot be stored', async () => {
    const store = await place.open();
    const [event] = receipt('good').events;
    if (event === undefined) throw new Error('a receipt has an event');
    const bad = { ...event, dedupKey: 'other', position: UNSTORABLE };
    await expect(store.append(receipt('good', { events: [event, bad] }))).rejects.toThrow(
      StoreUnavailableError,
    );
    await expect(interactionIds(store)).resolves.toEqual([]);
    await expect(store.query(store.builder.selectFrom('receipts').select('id'))).resolves.toEqual([]);
  });
});

describe('appends that wait', () => {
  it('are refused beyond MAX_PENDING, which stores nothing of them', async () => {
    const store = await place.open({ maxPending: 3 });
    const unlock = await place.lock();
    const waiting = names(3).map((id) => store.append(receipt(id)));
    expect(store.backlog).toBe(3);
    await expect(store.append(receipt('one too many'))).rejects.toThrow(OverloadedError);
    await unlock();
    await Promise.all(waiting);
    expect(store.backlog).toBe(0);
    await store.append(receipt('later'));
    await expect(sortedIds(store)).resolves.toEqual([...names(3), 'later'].sort());
  });

  it('are refused when their bodies are too much memory, however few they are', async () => {
    const store = await place.open();
    const unlock = await place.lock();
    const body = Buffer.alloc(7.5 * 1_024 * 1_024);
    const waiting = names(2).map((id) => store.append(receipt(id, { body })));
    await expect(store.append(receipt('one too many', { body }))).rejects.toThrow(OverloadedError);
    await unlock();
    await Promise.all(waiting);
    await store.append(receipt('later', { body }));
    await expect(sortedIds(store)).resolves.toEqual([...names(2), 'later'].sort());
  });

  it('are refused when their events are too much memory, however small the bodies', async () => {
    const store = await place.open();
    const unlock = await place.lock();
    const { events, ...rest } = receipt('many');
    const many = { ...rest, events: Array.from({ length: 60_000 }, () => events[0] as (typeof events)[0]) };
    const waiting = store.append(many);
    await expect(store.append(many)).rejects.toThrow(OverloadedError);
    await unlock();
    await waiting;
  });

  it('are taken one at a time when each alone is as much memory as that', async () => {
    const store = await place.open();
    const body = Buffer.alloc(40 * 1_024 * 1_024);
    const first = store.append(receipt('first', { body }));
    await expect(store.append(receipt('one too many'))).rejects.toThrow(OverloadedError);
    await first;
    await store.append(receipt('second', { body }));
    await expect(interactionIds(store)).resolves.toEqual(['first', 'second']);
  });

  it('do not hold up the event loop, however slow the disk', async () => {
    const store = await place.open();
    const unlock = await place.lock();
    const appends = Promise.all(names(200).map((id) => store.append(receipt(id))));
    // The commit cannot end before the lock does: were it waited for here, there would be no turn to count.
    for (let turn = 0; turn < 1_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(store.backlog).toBe(200);
    }
    await unlock();
    await appends;
    await expect(interactionIds(store)).resolves.toHaveLength(200);
  });

  it('are rejected, not lost in silence, when they wait for longer than the store may take', async () => {
    const store = await place.open();
    const unlock = await place.lock();
    await expect(store.append(receipt('refused'))).rejects.toThrow(
      /database is locked|does not answer in time/,
    );
    await unlock();
    // What was sent before may be stored all the same: sent again, it is stored once.
    await store.append(receipt('refused'));
    await expect(interactionIds(store)).resolves.toEqual(['refused']);
  });
});

describe('a store that is closed', () => {
  it('has finished what waited', async () => {
    const store = await place.open();
    const ids = names(300);
    const appends = ids.map((id) => store.append(receipt(id)));
    await store.close();
    await Promise.all(appends);
    await expect(sortedIds(await place.open())).resolves.toEqual(ids.sort());
  });

  it('takes nothing more, and can be closed again', async () => {
    const store = await place.open();
    await store.close();
    await store.close();
    await expect(store.append(receipt('late'))).rejects.toThrow(StoreUnavailableError);
    await expect(store.query(store.builder.selectFrom('probe').select('written_at'))).rejects.toThrow(
      'The store is unavailable: it is closed.',
    );
  });
});
