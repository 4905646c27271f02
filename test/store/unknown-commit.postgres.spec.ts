import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { openStore } from '../../src/store/open.js';
import { parseDatabaseUrl } from '../../src/config/database.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import type { Store } from '../../src/store/store.js';
import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { interactionIds, receipt, TestStore } from '../support/store.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let place: TestStore;
let proxy: TcpProxy;
let url: string;
const ends: (() => Promise<void>)[] = [];
beforeEach(async () => {
  place = TestStore.create();
  const direct = new URL(await place.url());
  proxy = await TcpProxy.start(Number(direct.port));
  direct.port = String(proxy.port);
  url = direct.href;
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await proxy.stop();
  await place.remove();
});

async function open(): Promise<Store> {
  const store = await openStore(parseDatabaseUrl(url), { maxPending: 2_000 });
  ends.push(() => store.close());
  return store;
}

describe('an append whose connection is lost', () => {
  it('before it was sent is stored by a second attempt', async () => {
    const store = await open();
    proxy.loseRequest('append_v1');
    expect((await store.append(receipt('sent again')))[0]?.seq).toBeGreaterThan(0);
    expect(proxy.lost).toBe(1);
    await expect(interactionIds(store)).resolves.toEqual(['sent again']);
  });

  it('after its commit is acknowledged as the duplicate that it is by then, and stored once', async () => {
    const store = await open();
    proxy.loseAnswerTo('append_v1');
    expect((await store.append(receipt('committed')))[0]?.seq).toBe(0);
    expect(proxy.lost).toBe(1);
    await expect(interactionIds(store)).resolves.toEqual(['committed']);
  });

  it('to a database that does not come back is refused, and stored once when it is sent again', async () => {
    const store = await open();
    const { port } = proxy;
    await store.append(receipt('before'));
    proxy.loseAnswerTo('operation of unknown');
    const refused = expect(store.append(receipt('unknown'))).rejects.toThrow(StoreUnavailableError);
    await until(() => proxy.lost === 1);
    await proxy.stop();
    await refused;
    proxy = await TcpProxy.start(Number(new URL(await place.url()).port), port);
    await store.append(receipt('unknown'));
    await expect(interactionIds(store)).resolves.toEqual(['before', 'unknown']);
  });
});

describe('deliveries whose claim was lost with its answer', () => {
  it.each(['append', 'claim'])(
    'by an %s are delivered all the same, once',
    async (by) => {
      const recorder = new Recorder();
      const service = await TestService.start({ DATABASE_URL: url }, { listeners: [recorder.module()] });
      ends.push(() => service.stop());
      if (by === 'an append') {
        proxy.loseAnswerTo('append_v1');
        expect((await service.post(payload('STARTED', 'lost'))).status).toBe(200);
      } else {
        const other = await place.open();
        // The first to tell of it is the answer to the claim.
        proxy.loseAnswer('lost');
        await other.append(receipt('lost'));
      }
      await until(() => proxy.lost === 1);
      await until(() => recorder.seen.length > 0, 40_000);
      expect(recorder.seen).toMatchObject([{ id: 'lost', attempt: 1 }]);
      expect((await service.post(payload('FINISHED', 'lost'))).status).toBe(200);
      await until(() => recorder.seen.length === 2);
    },
    60_000,
  );
});
