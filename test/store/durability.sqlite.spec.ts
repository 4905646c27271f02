import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Store } from '../../src/store/store.js';
import { TestStore } from '../support/store.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

describe('the connection that writes', () => {
  const pragma = async (store: Store, name: string): Promise<unknown> => {
    const [row] = await store.call('query', { sql: `PRAGMA ${name}`, parameters: [] });
    return Object.values(row as object)[0];
  };

  it('syncs each commit to the disk: synchronous=FULL in WAL mode', async () => {
    const store = await place.open();
    await expect(pragma(store, 'journal_mode')).resolves.toBe('wal');
    await expect(pragma(store, 'synchronous')).resolves.toBe(2);
  });

  it('does so on a file that was in another mode before', async () => {
    const other = place.connect();
    other.pragma('journal_mode = DELETE');
    other.exec('create table something (id integer)');
    other.close();
    const store = await place.open();
    await expect(pragma(store, 'journal_mode')).resolves.toBe('wal');
    await expect(pragma(store, 'synchronous')).resolves.toBe(2);
  });

  it('runs a SQLite that cannot lose commits when it begins its log anew', async () => {
    const store = await place.open();
    const [row] = await store.call('query', { sql: 'select sqlite_version() as version', parameters: [] });
    const [major = 0, minor = 0, patch = 0] = (row as { version: string }).version.split('.').map(Number);
    expect(major * 1_000_000 + minor * 1_000 + patch).toBeGreaterThanOrEqual(3_051_003);
  });
});
