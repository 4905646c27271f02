import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';

import { receipt, TestStore } from '../support/store.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

describe('a query that only reads', () => {
  it('sees what was committed before it', async () => {
    const store = await place.open();
    await store.append(receipt('a'));
    const query = store.builder.selectFrom('events').select((q) => q.fn.countAll<number>().as('count'));
    await expect(store.read(query)).resolves.toEqual([{ count: 1 }]);
    await store.append(receipt('b'));
    await expect(store.read(query)).resolves.toEqual([{ count: 2 }]);
  });

  it('delays no commit, however long it takes', async () => {
    const store = await place.open();
    const count = sql<{ n: number }>`
      with recursive c(n) as (select 1 union all select n + 1 from c where n < 5e6) select count(*) as n from c`;
    const order: string[] = [];
    const reading = store
      .read({ compile: () => count.compile(store.builder) })
      .then(([row]) => order.push(`read ${row?.n}`));
    await store.append(receipt('a')).then(() => order.push('committed'));
    await reading;
    expect(order).toEqual(['committed', 'read 5000000']);
  });

  it('cannot write', async () => {
    const store = await place.open();
    const write = store.builder.updateTable('probe').set({ written_at: 1 }).returning('written_at');
    await expect(store.read(write)).rejects.toThrow(/read-?only/);
  });
});
