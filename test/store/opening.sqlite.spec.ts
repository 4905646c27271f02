import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { StoreOpenError } from '../../src/store/errors.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { interactionIds, receipt, TestStore } from '../support/store.js';

let place: TestStore;
beforeEach(() => {
  place = TestStore.create();
});
afterEach(() => place.remove());

const open = (file: string): Promise<Store> => openStore({ engine: 'sqlite', file }, { maxPending: 1 });

/** What is said of a store that cannot be opened. */
async function complaint(file: string): Promise<string> {
  const error = await open(file).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreOpenError);
  return (error as StoreOpenError).message;
}

describe('a store', () => {
  it('makes its folder, for its owner alone', async () => {
    const file = join(place.folder, 'a/b/interactions.db');
    const store = await open(file);
    await store.close();
    expect((statSync(dirname(file)).mode & 0o777).toString(8)).toBe('700');
  });

  it('has what it had when it is opened again', async () => {
    const store = await place.open();
    await store.append(receipt('kept'));
    await store.close();
    await expect(place.open().then(interactionIds)).resolves.toEqual(['kept']);
  });

  it('keeps all in one file once it is closed', async () => {
    const store = await place.open();
    await store.append(receipt('kept'));
    await store.close();
    expect(existsSync(`${place.file}-wal`)).toBe(false);
    expect(readFileSync(place.file).includes('kept')).toBe(true);
  });

  it('can be opened by several at once, even where none has made it yet', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => place.open()));
    await Promise.all(stores.map((store, i) => store.append(receipt(`of ${i}`))));
    const ids = await Promise.all(stores.map(interactionIds));
    for (const seen of ids) expect(seen.sort()).toEqual(['of 0', 'of 1', 'of 2', 'of 3']);
  });

  it('is found through a link to its folder', async () => {
    mkdirSync(join(place.folder, 'real'));
    symlinkSync(join(place.folder, 'real'), join(place.folder, 'link'));
    const store = await open(join(place.folder, 'link/interactions.db'));
    await store.close();
    expect(existsSync(join(place.folder, 'real/interactions.db'))).toBe(true);
  });
});

describe('a store is not opened, and left as it is,', () => {
  it('when a newer version has written it', async () => {
    const store = await place.open();
    await store.append(receipt('of the future'));
    await store.close();
    const other = place.connect();
    other.exec(
      `insert into kysely_migration (name, timestamp) values ('9999-future', '2040-01-01T00:00:00.000Z')`,
    );
    other.close();
    const message = `${place.file} was written by a newer version of this service. Start that version, or use another DATA_DIR.`;
    expect(await complaint(place.file)).toBe(message);
    expect(await complaint(place.file)).toBe(message);
    const after = place.connect();
    expect(after.prepare('select interaction_id from events').pluck().all()).toEqual(['of the future']);
    after.close();
  });

  it.each([
    ['no database', Buffer.from('this is a text file, and longer than a header. '.repeat(100))],
    [
      'a database with a broken header',
      Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8_192, 0xff)]),
    ],
  ])('when the file is %s', async (_, content) => {
    writeFileSync(place.file, content);
    expect(await complaint(place.file)).toMatch(
      /^The store .+interactions\.db cannot be opened \(SQLITE_\w+: .+\)\. Check DATA_DIR and DATABASE_URL/,
    );
    expect(readFileSync(place.file)).toEqual(content);
  });

  it('when it is damaged in the middle', async () => {
    const store = await place.open();
    for (let i = 0; i < 50; i++) await store.append(receipt(`interaction-${i}`));
    await store.close();
    const content = readFileSync(place.file);
    content.fill(0xff, 100, 4_096);
    writeFileSync(place.file, content);
    expect(await complaint(place.file)).toContain('cannot be opened (SQLITE_');
  });

  it('when there is a folder in its place', async () => {
    mkdirSync(place.file);
    expect(await complaint(place.file)).toContain(
      `The store ${place.file} cannot be opened (SQLITE_CANTOPEN`,
    );
  });

  it('when there is a file in the place of its folder', async () => {
    const folder = join(place.folder, 'data');
    writeFileSync(folder, '');
    expect(await complaint(join(folder, 'interactions.db'))).toMatch(
      /cannot be opened \((EEXIST|ENOTDIR): .+\)\. Check DATA_DIR/,
    );
  });
});
