import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { heldPayloads, listenerBacklogs, openInteractions } from '../../src/store/queries/backlog.js';
import type { Store } from '../../src/store/store.js';
import { TestStore } from '../support/store.js';

let files: TestStore;
let store: Store;
beforeAll(async () => {
  files = TestStore.create();
  store = await files.open();
});
afterAll(() => files.remove());

/** How SQLite would run each query that `ask` makes: its steps. */
async function stepsOf(ask: (store: Store) => Promise<unknown>): Promise<string[]> {
  const db = files.connect();
  const steps: string[] = [];
  const read = store.read.bind(store);
  store.read = (query) => {
    const { sql, parameters } = query.compile();
    const plan = db.prepare(`explain query plan ${sql}`).all(...parameters) as { detail: string }[];
    steps.push(...plan.map(({ detail }) => detail));
    return read(query);
  };
  await ask(store);
  store.read = read;
  db.close();
  return steps;
}

describe('what /metrics asks the store', () => {
  it.each<[string, (store: Store) => Promise<unknown>, string[]]>([
    ['of deliveries', listenerBacklogs, ['deliveries_dead', 'deliveries_due', 'deliveries_line']],
    ['of the quarantine', heldPayloads, ['quarantine_held']],
    ['of interactions', (from) => openInteractions(from, 0), ['interactions_open']],
  ])('%s looks at what is open alone, by an index of it', async (_, ask, indexes) => {
    const steps = await stepsOf(ask);
    const tables = steps.filter((step) =>
      /^(SCAN|SEARCH) (deliveries|d|quarantine|interactions)\b/.test(step),
    );
    expect(tables.length).toBeGreaterThanOrEqual(indexes.length);
    for (const step of tables) expect(indexes.some((index) => step.includes(` INDEX ${index}`))).toBe(true);
  });
});
