import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PermanentError } from '../../src/events/delivery.js';
import type {
  DeliveryGroupsDto,
  DeliveryItemDto,
} from '../../src/operations/deliveries/deliveries-read.dto.js';
import type { ListenerDetailDto, ListenerDto } from '../../src/operations/listeners/listeners-read.dto.js';
import { ListenerSampler } from '../../src/operations/listeners/listeners-sampler.js';
import { expectRefusal } from '../support/answers.js';
import { Recorder } from '../support/listeners.js';
import { api } from '../support/operators.js';
import { payload, type TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { get, getAll, getPage, settled, startOperated } from './reads-client.js';

/** Fails for good on events whose interaction's id says so. */
const strict = new Recorder('strict');
strict.handle = ({ interactionId = '' }) => {
  if (interactionId.includes('fatal')) throw new PermanentError(`of ${interactionId.split(' ')[1]}`);
};
/** The same, and later events of the interaction wait. */
const parking = new Recorder('parking');
parking.handle = strict.handle;
/** Never ends while it is told not to. */
const slow = new Recorder('slow');
let release: () => void = () => undefined;

let service: TestService;
beforeAll(async () => {
  service = await startOperated(
    {},
    { listeners: [strict.module(), parking.module({ onDead: 'park' }), slow.module({ concurrency: 1 })] },
  );
  for (const kind of ['one', 'two', 'two']) {
    for (let i = 0; i < 3; i++) await service.post(payload('STARTED', `fatal ${kind} ${seq()}`));
    await service.post(payload('STARTED', `fine ${seq()}`));
  }
  await settled(service);
});
afterAll(async () => {
  release();
  await service.stop();
});

let count = 0;
const seq = (): number => ++count;
const idsOf = (items: readonly DeliveryItemDto[]): (string | null)[] =>
  items.map(({ event }) => event.interactionId);
const dead = (query = '', limit?: number): Promise<DeliveryItemDto[]> =>
  getAll<DeliveryItemDto>(service, `/deliveries?state=dead${query}`, limit);
const groups = async (query = ''): Promise<DeliveryGroupsDto> =>
  (await get(service, `/deliveries/groups${query}`)).json as DeliveryGroupsDto;
const listener = async (name: string): Promise<ListenerDetailDto> =>
  (await get(service, `/listeners/${name}`)).json as ListenerDetailDto;

describe('dead deliveries', () => {
  it('are listed with their event and their error, those of the latest events first', async () => {
    const found = await dead('&listener=strict');
    expect(found.map((item) => item.seq)).toEqual([11, 10, 9, 7, 6, 5, 3, 2, 1]);
    expect(found[0]).toEqual({
      seq: 11,
      listener: 'strict',
      state: 'dead',
      attempt: 1,
      dueAt: null,
      startedAt: expect.any(String),
      durationMs: expect.any(Number),
      error: expect.stringMatching(/^PermanentError: of two\n/),
      event: expect.objectContaining({ seq: 11, interactionId: 'fatal two 11', type: 'STARTED' }),
    });
    expect(found[0]?.event).not.toHaveProperty('deliveries');
  });

  it.each([1, 2, 5, 500])('of several listeners come in one order, %s to a page', async (limit) => {
    const found = await dead('', limit);
    expect(found.map((item) => [item.seq, item.listener])).toEqual(
      [11, 10, 9, 7, 6, 5, 3, 2, 1].flatMap((at) => [
        [at, 'parking'],
        [at, 'strict'],
      ]),
    );
  });

  it.each([
    ['an interaction', '&interaction=fatal%20one%202', ['fatal one 2']],
    ['an error', '&error=PermanentError:%20of%20one', ['fatal one 3', 'fatal one 2', 'fatal one 1']],
    ['a type', '&type=FINISHED', []],
    ['a channel', '&channel=email', []],
    ['a time', '&from=2099-01-01', []],
  ])('are picked by %s', async (_, query, ids) => {
    expect(idsOf(await dead(`&listener=strict${query}`))).toEqual(ids);
  });

  it('are grouped by listener and the first line of their error', async () => {
    const { items, complete } = await groups();
    expect(complete).toBe(true);
    expect(items.toSorted((a, b) => b.count - a.count || (a.listener < b.listener ? -1 : 1))).toEqual([
      { listener: 'parking', error: 'PermanentError: of two', count: 6, firstSeq: 5, lastSeq: 11 },
      { listener: 'strict', error: 'PermanentError: of two', count: 6, firstSeq: 5, lastSeq: 11 },
      { listener: 'parking', error: 'PermanentError: of one', count: 3, firstSeq: 1, lastSeq: 3 },
      { listener: 'strict', error: 'PermanentError: of one', count: 3, firstSeq: 1, lastSeq: 3 },
    ]);
    expect((await groups('?listener=parking')).items.map((group) => group.count)).toEqual([6, 3]);
    expect((await groups('?listener=unknown')).items).toEqual([]);
  });

  it('are no longer listed once they were discarded or have succeeded', async () => {
    const [filter, other] = [{ interaction: 'fatal one 1' }, { interaction: 'fatal one 2' }];
    await api(service, 'POST', '/deliveries/discard', { body: { filter } });
    const { handle } = strict;
    strict.handle = () => undefined;
    await api(service, 'POST', '/deliveries/retry', { body: { filter: { ...other, listener: 'strict' } } });
    await settled(service);
    strict.handle = handle;
    expect(idsOf(await dead('&error=PermanentError:%20of%20one&listener=strict'))).toEqual(['fatal one 3']);
    const discarded = await getAll<DeliveryItemDto>(service, '/deliveries?state=discarded');
    expect(discarded.map((item) => [item.listener, item.event.interactionId])).toEqual([
      ['parking', 'fatal one 1'],
      ['strict', 'fatal one 1'],
    ]);
  });
});

describe('open deliveries', () => {
  it('are listed by their state, and counted as waiting or running', async () => {
    slow.handle = () => new Promise<void>((resolve) => (release = resolve));
    const done = (await getAll(service, '/deliveries?state=done&listener=slow')).length;
    for (let i = 0; i < 3; i++) await service.post(payload('STARTED', 'held'));
    const inState = (state: string): Promise<DeliveryItemDto[]> =>
      getAll<DeliveryItemDto>(service, `/deliveries?state=${state}&listener=slow`);
    await until(async () => (await inState('running')).length === 1);
    const last = (await getPage<{ seq: number }>(service, '/events?limit=1')).items[0]?.seq ?? 0;
    expect((await inState('running')).map((item) => item.seq)).toEqual([last - 2]);
    expect((await inState('blocked')).map((item) => item.seq)).toEqual([last, last - 1]);
    expect(await listener('slow')).toMatchObject({ waiting: 2, running: 1, lagEvents: 3 });
    expect(await inState('done')).toHaveLength(done);
    slow.handle = () => undefined;
    release();
    await settled(service);
    expect(await listener('slow')).toMatchObject({ waiting: 0, running: 0, lagEvents: 0, lagSeconds: 0 });
  });

  it.each(['state=gone', 'state=', 'listener=a&listener=b'])('%s is no question', async (query) => {
    expectRefusal(await get(service, `/deliveries?${query}`), 400);
  });
});

/** The last test ends the service. */
describe('listeners', () => {
  it('are listed by name, with their options and what they wait for', async () => {
    const { items } = (await get(service, '/listeners')).json as { items: ListenerDto[] };
    expect(items.map(({ name }) => name)).toEqual(['interactions', 'parking', 'slow', 'strict']);
    expect(items[0]?.filter).toEqual({ type: ['STARTED', 'FINISHED'] });
    expect(items[1]).toMatchObject({
      loaded: true,
      options: { attempts: 10, timeoutMs: 30_000, concurrency: 8, onDead: 'park', from: 'now' },
      filter: {},
      paused: false,
      catchingUpFrom: null,
      // What is parked holds its line, and waits for nobody.
      waiting: 0,
      running: 0,
      dead: 8,
      oldestPendingAt: null,
    });
  });

  it('that are paused fall behind, by the age of what is due for longest', async () => {
    await api(service, 'POST', '/listeners/strict/pause');
    await service.post(payload());
    const { items } = await getPage<{ receivedAt: string }>(service, '/events?limit=1');
    await service.post(payload());
    const paused = await listener('strict');
    expect(paused).toMatchObject({ paused: true, waiting: 2, oldestPendingAt: items[0]?.receivedAt });
    expect(paused.lagSeconds).toBeGreaterThan(0);
    await api(service, 'POST', '/listeners/strict/resume');
    await settled(service);
    expect(await listener('strict')).toMatchObject({ paused: false, waiting: 0, lagSeconds: 0 });
  });

  it('have a sample a minute, of their lag and of the attempts in between', async () => {
    const sampler = service.get(ListenerSampler);
    await sampler.sample();
    const [{ length }, before] = [(await listener('strict')).series, (await listener('strict')).perMinute];
    await service.post(payload('STARTED', 'fatal three'));
    await service.post(payload('STARTED', 'fine'));
    await settled(service);
    await until(async () => (await listener('strict')).perMinute === before + 2);
    await sampler.sample();
    const { series, errorRate } = await listener('strict');
    expect(series).toHaveLength(length + 1);
    expect(series.at(-1)).toMatchObject({ done: 1, failed: 1, lagSeconds: 0, lagEvents: 0 });
    expect(errorRate).toBeGreaterThan(0);
    expect(errorRate).toBeLessThan(1);
  });

  it('remember an hour, and no more', async () => {
    const sampler = service.get(ListenerSampler);
    for (let i = 0; i < 61; i++) await sampler.sample();
    expect((await listener('slow')).series).toHaveLength(60);
  });

  it.each(['unknown', '%2e%2e', '%00', encodeURIComponent('<script>')])(
    'named %s, of which nobody heard, are not found',
    async (name) => {
      expectRefusal(await get(service, `/listeners/${name}`), 404);
    },
  );

  it('that nobody has loaded any more are shown, with what waits for them', async () => {
    await service.app.close();
    const other = await startOperated({}, { dataDir: service.dataDir });
    await other.post(payload());
    const { items } = (await get(other, '/listeners')).json as { items: ListenerDto[] };
    const { listeners } = (await get(other, '/overview')).json as { listeners: object };
    await other.stop();
    expect(items.find(({ name }) => name === 'slow')).toMatchObject({
      loaded: false,
      options: null,
      waiting: 1,
    });
    expect(listeners).toMatchObject({ orphaned: 3, waiting: 3 });
  });
});
