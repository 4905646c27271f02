import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { StoreOpenError } from '../../src/store/errors.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { connectTo } from '../support/engine.js';
import { interactionIds, receipt, TestStore } from '../support/store.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let place: TestStore;
let url: URL;
const stores: Store[] = [];
beforeEach(async () => {
  place = TestStore.create();
  url = new URL(await place.url());
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await place.remove();
});

async function open(migrate = true): Promise<Store> {
  const store = await openStore(parseDatabaseUrl(url.href), { maxPending: 100, migrate });
  stores.push(store);
  return store;
}

/** Runs statements on the database, as its administrator. */
async function administer(...statements: string[]): Promise<void> {
  const client = await connectTo(place.folder);
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** What is said of a store that cannot be opened. */
async function complaint(migrate?: boolean): Promise<string> {
  const error = await open(migrate).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreOpenError);
  expect(inspect(error, { depth: 9 })).not.toContain(url.password);
  return (error as StoreOpenError).message;
}

const shown = (): string => `postgres://${url.username}@${url.host}${url.pathname}`;

describe('a store', () => {
  it('has what it had when it is opened again', async () => {
    await (await open()).append(receipt('kept'));
    await expect(open().then(interactionIds)).resolves.toEqual(['kept']);
  });

  it('can be opened by several at once, even where none has made it yet', async () => {
    await administer('drop schema public cascade', 'create schema public');
    const opened = await Promise.all([open(), open(), open(), open()]);
    await Promise.all(opened.map((store, i) => store.append(receipt(`of ${i}`))));
    const ids = await interactionIds(opened[0]);
    expect(ids.sort()).toEqual(['of 0', 'of 1', 'of 2', 'of 3']);
  });

  it('that is not there yet refuses at once what is to be stored, and takes it once it is there', async () => {
    const target = Number(url.port);
    const absent = await TcpProxy.start(target);
    await absent.stop();
    url.port = String(absent.port);
    const store = await open();
    expect(store.isOpen).toBe(false);
    await expect(store.append(receipt('early'))).rejects.toThrow(
      `The store is unavailable: ${shown()} cannot be reached: connect ECONNREFUSED`,
    );
    const registered = store.call('register', {
      listeners: [{ name: 'a', filter: {}, from: 'now' }],
      now: 1,
    });
    const proxy = await TcpProxy.start(target, absent.port);
    expect(await registered).toEqual({ a: 1 });
    await until(() => store.isOpen, 5_000);
    expect(await store.append(receipt('later'))).toMatchObject([{ waiting: true }]);
    await store.close();
    await proxy.stop();
  });

  it('whose database comes with a newer schema says so, and that it is of no use', async () => {
    await administer(`insert into kysely_migration (name, timestamp) values ('9999-future', '2040')`);
    const target = Number(url.port);
    const absent = await TcpProxy.start(target);
    await absent.stop();
    url.port = String(absent.port);
    const broken = Promise.withResolvers<Error>();
    stores.push(await openStore(parseDatabaseUrl(url.href), { maxPending: 1 }, broken.resolve));
    const proxy = await TcpProxy.start(target, absent.port);
    expect((await broken.promise).message).toContain('was written by a newer version');
    await proxy.stop();
  });
});

describe('a store is not opened', () => {
  it('when the password is wrong, which nobody is told', async () => {
    url.password = 'wrong-password';
    expect(await complaint()).toBe(
      `The store ${shown()} cannot be opened: password authentication failed for user "postgres" (28P01). Check DATABASE_URL, and that its user may create tables there.`,
    );
  });

  it('when there is no such database', async () => {
    url.pathname = '/nowhere';
    expect(await complaint()).toContain('database "nowhere" does not exist (3D000)');
  });

  it('when a newer version has written it', async () => {
    await administer(`insert into kysely_migration (name, timestamp) values ('9999-future', '2040')`);
    expect(await complaint()).toBe(
      `${shown()} was written by a newer version of this service. Start that version, or use another database.`,
    );
  });

  it('when MIGRATE is off and its schema is not up to date', async () => {
    await administer('drop schema public cascade', 'create schema public');
    expect(await complaint(false)).toMatch(/ lacks 0001-initial, .+, and MIGRATE is off\. Run /);
    await open();
    expect((await open(false)).isOpen).toBe(true);
  });

  it.each(['off', 'local'])('when its commits are not waited for: synchronous_commit=%s', async (value) => {
    await administer(`alter database "${url.pathname.slice(1)}" set synchronous_commit = ${value}`);
    expect(await complaint()).toMatch(new RegExp(`has synchronous_commit=${value} .+ could be lost`));
  });
});
