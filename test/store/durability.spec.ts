import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ENGINE } from '../support/engine.js';
import { receipt, TestStore } from '../support/store.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

describe('a process that is killed while it appends', () => {
  /** Lets a process append until it has acknowledged `count` events, kills it, and returns what those were. */
  async function appendAndKill(round: number, count: number): Promise<string[]> {
    const args = [
      '--import',
      './test/support/typescript.mjs',
      'test/store/append-forever.ts',
      await place.url(),
      String(round),
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const id of createInterface(child.stdout)) {
      // The last line may be half of one: a kill waits for nobody.
      if (/^\d+-\d+$/.test(id)) acknowledged.push(id);
      if (acknowledged.length === count) child.kill('SIGKILL');
    }
    await expect(exited).resolves.toEqual([null, 'SIGKILL']);
    return acknowledged;
  }

  it('leaves behind every event that it had acknowledged, whole, each time', async () => {
    const acknowledged: string[] = [];
    for (const [round, count] of [1, 150, 700].entries()) {
      acknowledged.push(...(await appendAndKill(round, count)));
      const store = await place.open();
      const events = await store.query(
        store.builder
          .selectFrom('events')
          .leftJoin('receipts', 'receipts.id', 'events.receipt_id')
          .select(['interaction_id', 'receipts.body']),
      );
      const stored = new Set(events.map((event) => event.interaction_id));
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
      expect(events.filter(({ body }) => body === null)).toEqual([]);
      if (ENGINE === 'sqlite') {
        const check = store.call('query', { sql: 'PRAGMA integrity_check', parameters: [] });
        await expect(check).resolves.toEqual([{ integrity_check: 'ok' }]);
      }
      // What was acknowledged is a duplicate for good.
      const [again] = await store.append(receipt(acknowledged.at(-1) as string));
      expect(again?.seq).toBe(0);
      await store.close();
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(851);
  }, 60_000);
});
