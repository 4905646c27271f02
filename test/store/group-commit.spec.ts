import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { OverloadedError, StoreUnavailableError } from '../../src/store/errors.js';
import type { ReceiptDraft } from '../../src/store/records.js';
import { interactionIds, receipt, TestStore } from '../support/store.js';
import { countCommits } from '../support/write-ahead-log.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

const names = (count: number, prefix = 'interaction'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
/** A receipt that no table takes: its trace id is no text. */
const broken = (id: string): ReceiptDraft => receipt(id, { traceId: {} as string });

describe('appends that come at once', () => {
  it('share commits, and each is told what became of its own events', async () => {
    const store = await place.open();
    const before = countCommits(place.file);
    const ids = names(400);
    const appended = await Promise.all(ids.map((id) => store.append(receipt(id))));
    const commits = countCommits(place.file) - before;
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThan(ids.length / 20);
    await expect(interactionIds(store)).resolves.toEqual(ids);
    expect(appended.map(([event]) => event?.seq)).toEqual(ids.map((_, i) => i + 1));
  });

  it('one after the other are a commit each', async () => {
    const store = await place.open();
    const before = countCommits(place.file);
    for (const id of names(10)) await store.append(receipt(id));
    expect(countCommits(place.file) - before).toBe(10);
  });

  it('are committed when they resolve: another connection sees them', async () => {
    const store = await place.open();
    const other = place.connect();
    const seen = other.prepare<[string]>('select 1 from events where interaction_id = ?');
    await Promise.all(
      names(100).map(async (id) => {
        await store.append(receipt(id));
        expect(seen.get(id)).toBeDefined();
      }),
    );
    other.close();
  });

  it('of one event are one event, and all but the first are told so', async () => {
    const store = await place.open();
    const appended = await Promise.all(names(50).map(() => store.append(receipt('same'))));
    expect(appended.map(([event]) => event?.seq).sort()).toEqual([...Array<number>(49).fill(0), 1]);
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
    await expect(interactionIds(store)).resolves.toEqual([...ids.filter((_, i) => i % 20 !== 7), 'later']);
    expect(store.backlog).toBe(0);
  });

  it('leaves nothing of a receipt of which one event cannot be stored', async () => {
    const store = await place.open();
    const [event] = receipt('good').events;
    if (event === undefined) throw new Error('a receipt has an event');
    const bad = { ...event, dedupKey: 'other', interactionId: {} as string, position: 1 };
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
    const unlock = place.lock();
    const waiting = names(3).map((id) => store.append(receipt(id)));
    expect(store.backlog).toBe(3);
    await expect(store.append(receipt('one too many'))).rejects.toThrow(OverloadedError);
    unlock();
    await Promise.all(waiting);
    expect(store.backlog).toBe(0);
    await store.append(receipt('later'));
    await expect(interactionIds(store)).resolves.toEqual([...names(3), 'later']);
  });

  it('are refused when their bodies are too much memory, however few they are', async () => {
    const store = await place.open();
    const unlock = place.lock();
    const body = Buffer.alloc(7.5 * 1_024 * 1_024);
    const waiting = names(2).map((id) => store.append(receipt(id, { body })));
    await expect(store.append(receipt('one too many', { body }))).rejects.toThrow(OverloadedError);
    unlock();
    await Promise.all(waiting);
    await store.append(receipt('later', { body }));
    await expect(interactionIds(store)).resolves.toEqual([...names(2), 'later']);
  });

  it('are refused when their events are too much memory, however small the bodies', async () => {
    const store = await place.open();
    const unlock = place.lock();
    const { events, ...rest } = receipt('many');
    const many = { ...rest, events: Array.from({ length: 60_000 }, () => events[0] as (typeof events)[0]) };
    const waiting = store.append(many);
    await expect(store.append(many)).rejects.toThrow(OverloadedError);
    unlock();
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
    const unlock = place.lock();
    const appends = Promise.all(names(200).map((id) => store.append(receipt(id))));
    // The commit cannot end before the lock does: were it waited for here, there would be no turn to count.
    for (let turn = 0; turn < 1_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(store.backlog).toBe(200);
    }
    unlock();
    await appends;
    await expect(interactionIds(store)).resolves.toHaveLength(200);
  });

  it('are rejected, not lost in silence, when the lock is held for longer than 5 s', async () => {
    const store = await place.open();
    const unlock = place.lock();
    await expect(store.append(receipt('refused'))).rejects.toThrow('database is locked');
    unlock();
    await store.append(receipt('later'));
    await expect(interactionIds(store)).resolves.toEqual(['later']);
  });
});

describe('a store that is closed', () => {
  it('has finished what waited', async () => {
    const store = await place.open();
    const ids = names(300);
    const appends = ids.map((id) => store.append(receipt(id)));
    await store.close();
    await Promise.all(appends);
    await expect(interactionIds(await place.open())).resolves.toEqual(ids);
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
