import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { DeliveryService } from '../../src/events/delivery.service.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

let service: TestService;
beforeAll(async () => {
  const recorder = new Recorder();
  recorder.handle = () => {
    throw new Error('never');
  };
  const listeners = [recorder.module({ attempts: 1 })];
  service = await TestService.start({ ...TOKENS, INTERACTIONS: 'off' }, { listeners });
  await service.post(payload('STARTED', 'one'));
  await service.post(payload('STARTED', 'two'));
  await until(async () => (await statesOf(service)).every((state) => state === 'dead'));
  await service.post({ data: 7 });
});
afterAll(() => service.stop());

interface Entry {
  id: number;
  at: string;
  action: string;
  target: object;
  count: number;
}
const audit = async (query = ''): Promise<{ items: Entry[]; next: string | null }> =>
  (await api(service, 'GET', `/audit${query}`)).json as { items: Entry[]; next: string | null };
const post = (path: string, body?: object, headers = {}): ReturnType<typeof api> =>
  api(service, 'POST', path, { body, headers });

describe('the audit log', () => {
  let last = 0;
  beforeEach(async () => {
    last = (await audit()).items[0]?.id ?? 0;
  });
  /** What was entered since the test began, the latest first. */
  const entered = async (): Promise<Entry[]> => (await audit()).items.filter(({ id }) => id > last);

  const one = { filter: { interaction: 'one' } };
  it.each<[string, string, object | undefined, object, number]>([
    ['deliveries.retry', '/deliveries/retry', one, { filter: { interaction: 'one', state: ['dead'] } }, 1],
    ['deliveries.discard', '/deliveries/discard', { filter: {} }, { filter: { state: ['dead'] } }, 2],
    ['listeners.pause', '/listeners/recorder/pause', undefined, { listener: 'recorder' }, 1],
    ['listeners.resume', '/listeners/recorder/resume', undefined, { listener: 'recorder' }, 1],
    ['quarantine.reprocess', '/quarantine/reprocess', { filter: {} }, { filter: {} }, 0],
    ['quarantine.discard', '/quarantine/discard', { filter: {} }, { filter: {} }, 1],
    // Last: what it makes due again is still on its way when it answers.
    [
      'replays.start',
      '/replays',
      { listener: 'recorder', filter: {} },
      { listener: 'recorder', filter: {} },
      1,
    ],
  ])('has who did what to what, when, and to how many: %s', async (action, path, body, target, count) => {
    await until(async () =>
      (await statesOf(service)).every((state) => ['dead', 'discarded'].includes(state)),
    );
    const before = Date.now();
    const answer = await post(path, body, { 'x-requested-by': ' cli:alice ' });
    expect(answer.status).toBeLessThan(300);
    const entries = await entered();
    expect(entries).toEqual([
      {
        id: expect.any(Number),
        at: expect.any(String),
        role: 'operator',
        requestedBy: 'cli:alice',
        address: '127.0.0.1',
        action,
        target,
        count,
      },
    ]);
    expect(Date.parse(entries[0]?.at as string)).toBeGreaterThanOrEqual(before);
  });

  it('has an entry for each batch, with its cursor', async () => {
    const cursor = Buffer.from('1.1').toString('base64url');
    await post('/deliveries/retry', { filter: {}, cursor });
    expect(await entered()).toMatchObject([{ target: { filter: { state: ['dead'] }, cursor } }]);
  });

  it('has nothing of what only asks, or was refused', async () => {
    await post('/replays', { listener: 'recorder', filter: {}, dryRun: true });
    await post('/replays', { listener: 'nobody', filter: {} });
    await post('/listeners/nobody/pause');
    await post('/deliveries/retry', { filter: { all: true } });
    await api(service, 'POST', '/deliveries/retry', { token: TOKENS.VIEWER_TOKEN, body: { filter: {} } });
    await api(service, 'POST', '/session', { token: undefined, body: { token: TOKENS.OPERATOR_TOKEN } });
    await api(service, 'GET', '/events');
    expect(await entered()).toEqual([]);
  });

  it('has the address that a trusted proxy tells', async () => {
    const proxied = await TestService.start({ ...TOKENS, TRUST_PROXY: '127.0.0.1' });
    const headers = { 'x-forwarded-for': '192.0.2.7' };
    await api(proxied, 'POST', '/deliveries/retry', { body: { filter: {} }, headers });
    const { items } = (await api(proxied, 'GET', '/audit')).json as { items: object[] };
    await proxied.stop();
    expect(items).toMatchObject([{ address: '192.0.2.7' }]);
  });

  it('is read in pages that stay as they are while entries are added, by viewers too', async () => {
    for (let i = 0; i < 3; i++) await post('/deliveries/retry', { filter: { interaction: `page-${i}` } });
    const first = await audit('?limit=2');
    await post('/deliveries/retry', { filter: { interaction: 'later' } });
    const answer = await api(service, 'GET', `/audit?limit=2&cursor=${first.next}`, {
      token: TOKENS.VIEWER_TOKEN,
    });
    const second = answer.json as Awaited<ReturnType<typeof audit>>;
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual([last + 3, last + 2, last + 1, last]);
  });

  it('is one transaction with what it tells of: without the entry, nothing is done', async () => {
    const { store } = service;
    const refused = {
      at: null as unknown as number,
      role: 'operator',
      requestedBy: '',
      address: '',
      action: '',
      target: {},
    } as const;
    await expect(service.get(DeliveryService).pause('recorder', { audit: refused })).rejects.toThrow(
      StoreUnavailableError,
    );
    const [listener] = await store.query(store.builder.selectFrom('listeners').select('paused'));
    expect(listener).toEqual({ paused: 0 });
  });

  it('lets nobody change or delete a row', async () => {
    const { store } = service;
    const count = (await audit('?limit=500')).items.length;
    const update = store.builder.updateTable('audit_log').set({ requested_by: 'somebody else' });
    await expect(store.query(update)).rejects.toThrow('audit_log is append-only');
    await expect(store.query(store.builder.deleteFrom('audit_log'))).rejects.toThrow(
      'audit_log is append-only',
    );
    expect((await audit('?limit=500')).items).toHaveLength(count);
  });

  it('is kept when the service is started again', async () => {
    const before = await audit('?limit=500');
    const again = await TestService.start(TOKENS, { dataDir: service.dataDir });
    const after = (await api(again, 'GET', '/audit?limit=500')).json as object;
    await again.stop();
    expect(after).toEqual(before);
  });
});
