import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { VARIABLES } from '../../src/config/variables.js';
import { PermanentError } from '../../src/events/delivery.js';
import type { OverviewDto } from '../../src/operations/overview/overview.dto.js';
import type {
  QuarantineGroupsDto,
  QuarantineItemDto,
} from '../../src/operations/quarantine/quarantine-read.dto.js';
import type { ReplayDto } from '../../src/operations/replays/replays-read.dto.js';
import type { SettingsDto } from '../../src/operations/overview/settings.dto.js';
import { expectRefusal } from '../support/answers.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { quarantineOf } from '../support/rows.js';
import { PATH, payload, SECRET, signature, type TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { get, getAll, settled, startOperated } from './reads-client.js';

const EMAIL_SECRET = 'secret-of-email';
const recorder = new Recorder();
let service: TestService;
beforeAll(async () => {
  service = await startOperated({ WEBHOOK_SECRET_EMAIL: EMAIL_SECRET }, { listeners: [recorder.module()] });
});
afterAll(() => service.stop());

const EVENT_FAULT = 'data.entities.0.event must be one of the following values: STARTED, FINISHED';
const ID_FAULT = 'operationId must be a string';
const invalid = (fields: object): object => ({ ...fields, data: { entities: [{ event: 'PAUSED' }] } });

describe('quarantine', () => {
  const list = (query = '', limit?: number): Promise<QuarantineItemDto[]> =>
    getAll<QuarantineItemDto>(service, `/quarantine?${query}`, limit);
  /** Those that came first, second and third. */
  let ids: [number, number, number];

  beforeAll(async () => {
    await service.post(invalid({ first: 1 }), { 'x-b3-traceid': 'trace-of-the-first' });
    await service.post(invalid({ first: 1 }));
    const other = invalid({ operationId: 7 });
    const sign = { 'x-hub-signature': signature(other, EMAIL_SECRET) };
    await service.post(other, sign, `${PATH}/email`);
    await service.post(Buffer.from([0x7b, 0xff, 0x7d]));
    ids = (await quarantineOf(service)).map(({ id }) => id) as typeof ids;
  });

  it('is listed with what is wrong and how often it came, the latest first', async () => {
    const found = await list();
    expect(found.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(found[2]).toEqual({
      id: ids[0],
      channel: 'default',
      errors: [EVENT_FAULT],
      times: 2,
      firstAt: expect.any(String),
      lastAt: expect.any(String),
      state: 'held',
      size: JSON.stringify(invalid({ first: 1 })).length,
      traceId: 'trace-of-the-first',
    });
  });

  it.each([
    ['its channel', 'channel=email', [1]],
    ['a fault', `error=${encodeURIComponent(EVENT_FAULT)}`, [1, 0]],
    ['one of several faults', `error=${encodeURIComponent(ID_FAULT)}`, [1]],
    ['its state', 'state=discarded', []],
  ])('is picked by %s', async (_, query, picked) => {
    const expected = picked.map((i) => ids[i]);
    expect((await list(query)).map(({ id }) => id)).toEqual(expected);
    expect((await list(query, 1)).map(({ id }) => id)).toEqual(expected);
  });

  it('is counted by fault', async () => {
    const { items } = (await get(service, '/quarantine/groups')).json as QuarantineGroupsDto;
    expect(items[0]).toEqual({ error: EVENT_FAULT, count: 2 });
    expect(items.slice(1)).toEqual(
      expect.arrayContaining([
        { error: 'The body is not UTF-8', count: 1 },
        { error: ID_FAULT, count: 1 },
      ]),
    );
  });

  it('gives its bytes: as text where they are text', async () => {
    expect((await get(service, `/quarantine/${ids[0]}`)).json).toMatchObject({
      id: ids[0],
      body: JSON.stringify(invalid({ first: 1 })),
      bodyBase64: null,
      bodyHidden: false,
    });
    const binary = { body: null, bodyBase64: 'e/99', bodyHidden: false };
    expect((await get(service, `/quarantine/${ids[2]}`)).json).toMatchObject(binary);
  });

  it.each(['0', '99', 'one'])('has nothing under the id %s', async (id) => {
    expectRefusal(await get(service, `/quarantine/${id}`), 404);
  });

  it('hides its bytes from viewers', async () => {
    const hidden = { id: ids[2], body: null, bodyBase64: null, bodyHidden: true };
    expect((await get(service, `/quarantine/${ids[2]}`, TOKENS.VIEWER_TOKEN)).json).toMatchObject(hidden);
  });

  it('is no longer held, nor counted, once it was discarded', async () => {
    await api(service, 'POST', '/quarantine/discard', { body: { filter: { ids: [ids[0]] } } });
    expect((await list('state=held')).map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect((await list('state=discarded')).map(({ id }) => id)).toEqual([ids[0]]);
    const { items } = (await get(service, '/quarantine/groups')).json as QuarantineGroupsDto;
    expect(items).toHaveLength(3);
    expect(new Set(items.map(({ count }) => count))).toEqual(new Set([1]));
    expect((await get(service, '/overview')).json).toMatchObject({ quarantine: { held: 2 } });
  });
});

describe('replays', () => {
  it('are listed with how far they are, the latest first', async () => {
    for (let i = 0; i < 3; i++) await service.post(payload('STARTED', 'replayed'));
    await settled(service);
    const replay = (body: object): Promise<unknown> => api(service, 'POST', '/replays', { body });
    await replay({
      listener: 'recorder',
      filter: { interaction: 'replayed', from: '2026-01-01', type: ['STARTED'] },
    });
    const show = async (id: number): Promise<ReplayDto> =>
      (await get(service, `/replays/${id}`)).json as ReplayDto;
    await until(async () => (await show(1)).state === 'done');
    expect(await show(1)).toEqual({
      id: 1,
      listener: 'recorder',
      state: 'done',
      filter: { interaction: 'replayed', from: '2026-01-01T00:00:00.000Z', type: ['STARTED'] },
      replayed: 3,
      progress: 1,
      createdAt: expect.any(String),
    });
    await replay({ listener: 'recorder', filter: { interaction: 'replayed' } });
    expect((await getAll<ReplayDto>(service, '/replays?', 1)).map(({ id }) => id)).toEqual([2, 1]);
    await settled(service);
  });

  it.each(['0', '99', 'x'])('are not found by the id %s', async (id) => {
    expectRefusal(await get(service, `/replays/${id}`), 404);
  });
});

describe('settings', () => {
  it('have no value of any secret, for whomever they are', async () => {
    for (const [role, token] of [
      ['operator', TOKENS.OPERATOR_TOKEN],
      ['viewer', TOKENS.VIEWER_TOKEN],
    ] as const) {
      const answer = await get(service, '/settings', token);
      expect(answer.json).toMatchObject({ role });
      for (const secret of [SECRET, EMAIL_SECRET, ...Object.values(TOKENS)]) {
        expect(answer.text).not.toContain(`"${secret}"`);
      }
    }
  });

  it('have every variable, what runs, and where the store is', async () => {
    const { configuration, store, version, node, startedAt } = (await get(service, '/settings'))
      .json as SettingsDto;
    const names = configuration.map(({ name }) => name);
    expect(names).toEqual([...Object.keys(VARIABLES), 'WEBHOOK_SECRET_EMAIL']);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(node).toBe(process.version);
    expect(new Date(startedAt).getTime()).toBeLessThan(Date.now());
    expect(store).toMatchObject({ events: 3, oldestEventAt: expect.any(String) });
    expect(store.sizeBytes).toBeGreaterThan(10_000);
  });

  it('know a store without events', async () => {
    const fresh = await startOperated();
    const { store } = (await get(fresh, '/settings')).json as SettingsDto;
    const overview = (await get(fresh, '/overview')).json as OverviewDto;
    await fresh.stop();
    expect(store).toMatchObject({ events: 0, oldestEventAt: null });
    expect(overview.events).toEqual({ lastMinute: 0, total: 0 });
  });
});

describe('the overview', () => {
  it('has the service in numbers', async () => {
    recorder.handle = () => {
      throw new PermanentError('not ever');
    };
    await api(service, 'POST', '/listeners/interactions/pause');
    await service.post(payload());
    let overview = (await get(service, '/overview')).json as OverviewDto;
    // It may be a second old.
    await until(async () => {
      overview = (await get(service, '/overview')).json as OverviewDto;
      return overview.events.total === 4 && overview.listeners.dead === 1;
    });
    recorder.handle = () => undefined;
    await api(service, 'POST', '/listeners/interactions/resume');
    expect(overview).toMatchObject({
      at: expect.any(String),
      events: { lastMinute: expect.any(Number), total: 4 },
      listeners: { waiting: 1, dead: 1, paused: 1, orphaned: 0 },
      requestsWaiting: expect.any(Number),
    });
    expect(overview.listeners.lagSeconds).toBeGreaterThan(0);
    await settled(service);
  });
});
