import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { openStore } from '../../src/store/open.js';
import { databaseEnv, databaseOf } from '../support/engine.js';
import { DAY, DAYS, receiptOf, RetainedStore } from './retained-store.js';

const NONE = { events: 0, deliveries: 0, receipts: 0 };
const OLD = DAYS + 1;

let place: RetainedStore;
beforeEach(async () => {
  place = await RetainedStore.open();
});
afterEach(() => place.close());

/** Appends old receipts of one to three events. */
async function appendOld(receipts: number): Promise<void> {
  const drafts = Array.from({ length: receipts }, (_, i) => receiptOf(place.now - OLD * DAY, (i % 3) + 1));
  await Promise.all(drafts.map((draft) => place.store.append(draft)));
}

describe('a process that is killed while it removes old events', () => {
  it('leaves a store that is whole, and another goes on where it was', async () => {
    await appendOld(300);
    await place.deliver('dead');
    await appendOld(600);
    await place.deliver('done');
    await place.append(0);
    const { DATABASE_URL: url = `sqlite:${place.folder}/interactions.db` } = await databaseEnv(place.folder);
    let removed = 0;
    for (const steps of [2, 8]) {
      place.now += 20 * 60_000;
      const args = ['--import', './test/support/typescript.mjs', 'test/store/retain-once.ts', url];
      const times = [String(DAYS), String(place.now)];
      const child = spawn(process.execPath, [...args, ...times], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let seen = 0;
      for await (const line of createInterface(child.stdout)) {
        if (line === 'step' && ++seen === steps) child.kill('SIGKILL');
      }
      await expect(exited).resolves.toEqual([null, 'SIGKILL']);
      expect(await place.orphans()).toEqual(NONE);
      removed = 1_801 - (await place.seqs()).length;
    }
    // Some of it was done, and not all.
    expect(removed).toBeGreaterThan(0);
    expect(removed).toBeLessThan(1_200);
    expect(await place.retain()).toBe(1_200 - removed);
    expect(await place.count('retention_kept')).toBe(600);
    expect(await place.orphans()).toEqual(NONE);
  }, 60_000);
});

describe('the retention beside others that change the same events', () => {
  it('leaves nothing that has lost what it belongs to, and loses nothing that is not over', async () => {
    const other = await openStore(await databaseOf(place.folder), { maxPending: 10_000 });
    const step = { before: place.now - DAYS * DAY, now: place.now };
    try {
      await appendOld(400);
      await place.deliver('done');
      let over = false;
      const retain = async (store: typeof other): Promise<void> => {
        while (!over) {
          await store.call('retain', { ...step, part: 'kept' });
          await store.call('retain', { ...step, part: 'log' });
        }
      };
      const retaining = [retain(place.store), retain(other)];
      let pending: number | undefined;
      for (let round = 0; round < 12; round++) {
        const { listenerId, now } = place;
        await Promise.all([
          other.call('startReplay', { listenerId, filter: {}, now }),
          appendOld(20),
          other.call('advance', { now }),
          place.store.call('advance', { now }),
        ]);
        while ((await other.call('advance', { now })).moved);
        if (pending !== undefined) expect((await place.states())[pending]).toBe('pending');
        await place.deliver('done');
        [pending] = await place.append(OLD, 'pending');
        await place.store.call('setPaused', { listenerId, paused: round % 2 === 0 });
      }
      over = true;
      await Promise.all(retaining);
      expect(await place.orphans()).toEqual(NONE);
      await place.store.call('setPaused', { listenerId: place.listenerId, paused: false });
      await place.deliver('done');
      const [last] = await place.append(0);
      // A replay waits while its listener has much to do; the retention waits for the replay.
      const replays = other.builder.selectFrom('replays').select('id').where('state', '=', 'running');
      do {
        await place.deliver('done');
        await other.call('advance', { now: place.now });
      } while ((await other.query(replays)).length > 0);
      await place.deliver('done');
      await place.retain();
      await place.retain();
      expect(await place.seqs()).toEqual([last]);
      expect(await place.orphans()).toEqual(NONE);
    } finally {
      await other.close();
    }
  }, 60_000);
});
