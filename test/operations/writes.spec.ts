import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { DeliveryService } from '../../src/events/delivery.service.js';
import { PermanentError } from '../../src/events/delivery.js';
import { expectRefusal } from '../support/answers.js';
import { Recorder } from '../support/listeners.js';
import { statesOf } from '../support/rows.js';
import { api, TOKENS } from '../support/operators.js';
import { payload, TestService, type Answer } from '../support/service.js';
import { until } from '../support/until.js';

/** Fails what its interaction's id names: `dead …` for good. */
const recorder = new Recorder();
let service: TestService;
beforeAll(async () => {
  const parked = new Recorder('parked');
  parked.handle = ({ interactionId: id }) => {
    if (id?.startsWith('parked') === true) throw new PermanentError('parked here');
  };
  service = await TestService.start(
    { ...TOKENS, INTERACTIONS: 'off' },
    { listeners: [recorder.module(), parked.module({ onDead: 'park' })] },
  );
});
afterAll(() => service.stop());
beforeEach(async () => {
  recorder.handle = () => undefined;
  await service.get(DeliveryService).discard({});
  recorder.seen.length = 0;
});

const post = (path: string, body?: object): Promise<Answer> => api(service, 'POST', path, { body });
const list = async (path: string): Promise<Record<string, unknown>[]> =>
  ((await api(service, 'GET', path)).json as { items: Record<string, unknown>[] }).items;

/** Posts events that the recorder gives up on, and waits until it has. */
async function kill(ids: readonly string[], reason = 'no such case'): Promise<void> {
  recorder.handle = ({ interactionId: id }) => {
    if (ids.includes(id ?? '')) throw new PermanentError(`${reason}: ${id}\nand more of it`);
  };
  const entities = ids.map((id) => ({ event: 'STARTED', entity: { id } }));
  await service.post({ operationId: `operation of ${ids.join()}`, data: { entities } });
  await until(async () => (await statesOf(service)).slice(-ids.length).every((state) => state === 'dead'));
  recorder.handle = () => undefined;
  recorder.seen.length = 0;
}

async function deadOf(listener: string): Promise<string[]> {
  const items = await list(`/deliveries?state=dead&listener=${listener}&limit=500`);
  return items.map(({ event }) => (event as { interactionId: string }).interactionId);
}
const settled = (): Promise<void> =>
  until(
    async () => !(await statesOf(service)).some((state) => !['done', 'dead', 'discarded'].includes(state)),
  );

describe('POST /deliveries/retry', () => {
  it('gives what a filter picks fresh attempts, and leaves the rest dead', async () => {
    await kill(['retry-1', 'retry-2']);
    const answer = await post('/deliveries/retry', {
      filter: { listener: 'recorder', interaction: 'retry-1' },
    });
    expect([answer.status, answer.json]).toEqual([200, { count: 1, next: null }]);
    await settled();
    expect(recorder.seen.map(({ id, attempt }) => [id, attempt])).toEqual([['retry-1', 1]]);
    expect(await deadOf('recorder')).toEqual(['retry-2']);
  });

  it('picks by the first line of the error, whole and as it is written', async () => {
    await kill(['error-1'], 'no such case %_');
    await kill(['error-2'], 'no such case');
    const [first] = await list('/deliveries?state=dead&interaction=error-1');
    const error = (first?.['error'] as string).split('\n', 1)[0] as string;
    expect(error).toBe('PermanentError: no such case %_: error-1');
    for (const [tried, count] of [
      [error.slice(0, -1), 0],
      [`${error} `, 0],
      [error.toUpperCase(), 0],
      [error, 1],
    ]) {
      expect((await post('/deliveries/retry', { filter: { error: tried } })).json).toEqual({
        count,
        next: null,
      });
    }
    await settled();
    expect(await deadOf('recorder')).toEqual(['error-2']);
  });

  it('picks by positions, type, media type, channel and time', async () => {
    await kill(['pick-1', 'pick-2', 'pick-3']);
    const items = await list('/deliveries?state=dead');
    const seqs = items.map(({ seq }) => seq as number);
    const at = (items[0]?.['event'] as { receivedAt: string }).receivedAt;
    const nothing = [
      { seqs: [999_999] },
      { type: ['FINISHED'] },
      { mediaType: 'chat' },
      { channel: ['email'] },
      { from: new Date(Date.parse(at) + 1).toISOString() },
      { to: at },
      { listener: 'parked' },
    ];
    for (const filter of nothing) {
      expect([filter, (await post('/deliveries/retry', { filter })).json]).toEqual([
        filter,
        { count: 0, next: null },
      ]);
    }
    const some = { seqs: seqs.slice(0, 2), type: 'STARTED', channel: 'default', from: at };
    expect((await post('/deliveries/retry', { filter: some })).json).toEqual({ count: 2, next: null });
    await settled();
    expect(await deadOf('recorder')).toEqual(['pick-1']);
  });

  it('does a batch at a time, and each dead delivery once, although it dies again at once', async () => {
    const ids = Array.from({ length: 501 }, (_, i) => `batch-${i}`);
    await kill(ids);
    recorder.handle = () => {
      throw new PermanentError('again');
    };
    const counts: number[] = [];
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const answer = await post('/deliveries/retry', { filter: { listener: 'recorder' }, cursor });
      const { count, next } = answer.json as { count: number; next: string | null };
      counts.push(count);
      cursor = next;
      await settled();
    }
    expect(counts.length).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(counts.reduce((sum, count) => sum + count)).toBe(501);
    expect(recorder.seen).toHaveLength(501);
  });
});

describe('POST /deliveries/discard', () => {
  it('gives up what is dead, and lets a parked interaction go on', async () => {
    await service.post(payload('STARTED', 'parked-1'));
    await until(async () => (await statesOf(service, 'parked')).at(-1) === 'dead');
    await service.post(payload('FINISHED', 'parked-1'));
    await until(async () => (await statesOf(service, 'parked')).at(-1) === 'blocked');
    const filter = { listener: 'parked', interaction: 'parked-1' };
    expect((await post('/deliveries/discard', { filter })).json).toEqual({ count: 1, next: null });
    // The one behind it is tried now, and fails as well.
    await until(async () => (await statesOf(service, 'parked')).at(-1) === 'dead');
    expect((await statesOf(service, 'parked')).at(-2)).toBe('discarded');
  });

  it('gives up what waits on demand alone', async () => {
    await post('/listeners/recorder/pause');
    await service.post(payload('STARTED', 'waits'));
    const filter = { listener: 'recorder', interaction: 'waits' };
    expect((await post('/deliveries/discard', { filter })).json).toMatchObject({ count: 0 });
    const waiting = { ...filter, state: ['pending', 'blocked'] };
    expect((await post('/deliveries/discard', { filter: waiting })).json).toMatchObject({ count: 1 });
    await post('/listeners/recorder/resume');
    expect((await statesOf(service)).at(-1)).toBe('discarded');
    expect(recorder.seen).toEqual([]);
  });
});

describe('POST /replays', () => {
  it('counts first, when it is told to, and begins nothing', async () => {
    await service.post(payload('STARTED', 'replayed'));
    await settled();
    const body = { listener: 'recorder', filter: { interaction: 'replayed' }, dryRun: true };
    const answer = await post('/replays', body);
    expect([answer.status, answer.json]).toEqual([200, { count: 1 }]);
    expect(await list('/replays')).toEqual([]);
  });

  it('delivers events again, and says how far it is', async () => {
    const body = { listener: 'recorder', filter: { interaction: 'replayed', type: ['STARTED'] } };
    const answer = await post('/replays', body);
    expect(answer.status).toBe(202);
    const { id } = answer.json as { id: number };
    expect(answer.json).toMatchObject({ listener: 'recorder', filter: body.filter });
    await until(
      async () => ((await api(service, 'GET', `/replays/${id}`)).json as { state: string }).state === 'done',
    );
    await until(() => recorder.seen.some(({ id: seen }) => seen === 'replayed'));
    expect((await api(service, 'GET', `/replays/${id}`)).json).toMatchObject({ replayed: 1, progress: 1 });

    const ended = await post(`/replays/${id}/cancel`);
    expectRefusal(ended, 409);
    expect(ended.text).toContain('done');
  });

  it('is ended by cancelling it', async () => {
    // Nobody carries it out here: that is for processes that deliver.
    const receiver = await TestService.start(
      { ...TOKENS, ROLES: 'receive' },
      { listeners: [new Recorder().module()] },
    );
    await receiver.post(payload('STARTED', 'stored'));
    const body = { listener: 'recorder', filter: {} };
    const started = (await api(receiver, 'POST', '/replays', { body })).json as { id: number };
    const cancelled = await api(receiver, 'POST', `/replays/${started.id}/cancel`);
    await receiver.stop();
    expect(started).toMatchObject({ state: 'running', progress: 0 });
    expect(cancelled.status).toBe(200);
    expect(cancelled.json).toEqual({ ...started, state: 'cancelled' });
  });
});

describe('POST /listeners/{name}/pause', () => {
  it('holds back deliveries until the listener is resumed', async () => {
    expect((await post('/listeners/recorder/pause')).json).toMatchObject({ name: 'recorder', paused: true });
    await service.post(payload('STARTED', 'held back'));
    const paused = (await api(service, 'GET', '/listeners/recorder')).json as object;
    expect(paused).toMatchObject({ paused: true, waiting: 1 });
    expect(recorder.seen).toEqual([]);
    expect((await post('/listeners/recorder/resume')).json).toMatchObject({ paused: false });
    await until(() => recorder.seen.length === 1);
  });
});

describe('what names nothing that there is', () => {
  it.each<[string, object | undefined, number]>([
    ['/listeners/nobody/pause', undefined, 404],
    ['/listeners/nobody/resume', undefined, 404],
    ['/deliveries/retry', { filter: { listener: 'nobody' } }, 404],
    ['/deliveries/discard', { filter: { listener: 'nobody' } }, 404],
    ['/replays', { listener: 'nobody', filter: {} }, 404],
    ['/replays', { listener: 'nobody', filter: {}, dryRun: true }, 404],
    ['/replays/999/cancel', undefined, 404],
    ['/replays/abc/cancel', undefined, 404],
  ])('is answered 404: %s %j', async (path, body, status) => {
    expectRefusal(await post(path, body), status);
  });
});

describe('a command that is not valid', () => {
  const filterMissing = 'filter must be an object; {} picks all';
  it.each<[string, unknown, string]>([
    ['/deliveries/retry', undefined, filterMissing],
    ['/deliveries/retry', {}, filterMissing],
    ['/deliveries/retry', { filter: [] }, filterMissing],
    ['/deliveries/retry', { filter: null }, filterMissing],
    ['/deliveries/retry', [], 'an unknown value was passed to the validate function'],
    ['/deliveries/retry', { filter: { interactions: 'x' } }, 'filter.interactions is not known here'],
    ['/deliveries/retry', { filter: {}, all: true }, 'all is not known here'],
    ['/deliveries/retry', { filter: { seqs: [] } }, 'filter.seqs should not be empty'],
    ['/deliveries/retry', { filter: { listener: null } }, 'filter.listener must be a string'],
    ['/deliveries/retry', { filter: { interaction: null } }, 'filter.interaction must be a string'],
    ['/deliveries/retry', { filter: { type: null } }, 'filter.type must be an array'],
    ['/deliveries/retry', { filter: { error: null } }, 'filter.error must be a string'],
    ['/quarantine/discard', { filter: { ids: null } }, 'filter.ids must be an array'],
    ['/deliveries/retry', { filter: { seqs: [0] } }, 'each value in filter.seqs must not be less than 1'],
    [
      '/deliveries/retry',
      { filter: { state: 'pending' } },
      'each value in filter.state must be one of the following values: dead',
    ],
    [
      '/deliveries/discard',
      { filter: { state: ['done'] } },
      'each value in filter.state must be one of the following values: dead, pending, blocked',
    ],
    [
      '/deliveries/retry',
      { filter: { from: 'yesterday' } },
      'filter.from must be a time in ISO 8601, such as 2026-06-13T22:00:00Z',
    ],
    [
      '/deliveries/retry',
      { filter: { from: '2026-06-13T22:00' } },
      'filter.from must be a time in ISO 8601, such as 2026-06-13T22:00:00Z',
    ],
    ['/deliveries/retry', { filter: { from: '2026-02-31T25:00Z' } }, 'from is a time that does not exist'],
    ['/deliveries/retry', { filter: { to: '2026-02-30' } }, 'to is a time that does not exist'],
    [
      '/deliveries/discard',
      { filter: { constructor: { name: 'x' } } },
      'filter.constructor is not known here',
    ],
    ['/deliveries/discard', { filter: {}, toString: 1 }, 'toString is not known here'],
    ['/quarantine/discard', { filter: { valueOf: [1] } }, 'filter.valueOf is not known here'],
    [
      '/deliveries/retry',
      { filter: {}, cursor: 'made up' },
      'cursor is not one that was given as "next" here',
    ],
    ['/deliveries/retry', { filter: {}, cursor: 7 }, 'cursor must be a string'],
    ['/replays', { filter: {} }, 'listener must be a string'],
    ['/replays', { listener: 'recorder' }, filterMissing],
    ['/replays', { listener: 'recorder', filter: {}, dryRun: 'yes' }, 'dryRun must be a boolean value'],
    ['/quarantine/reprocess', {}, filterMissing],
    ['/quarantine/discard', { filter: { ids: ['1'] } }, 'each value in filter.ids must be an integer number'],
  ])('is answered 400, with what is wrong: %s %j', async (path, body, fault) => {
    const answer = await api(service, 'POST', path, { body });
    expectRefusal(answer, 400);
    expect((answer.json as { errors: string[] }).errors).toContain(fault);
  });

  it.each(['{"__proto__":{"name":"x"}}', '{"interaction":"x","__proto__":null}'])(
    'is refused for a name that JSON alone can have: %s',
    async (filter) => {
      await kill([`kept from ${filter}`]);
      const body = Buffer.from(`{"filter":${filter}}`);
      const answer = await service.send('POST', '/api/v1/deliveries/discard', body, {
        authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}`,
        'x-requested-by': 'tests',
        'content-type': 'application/json',
      });
      expectRefusal(answer, 400);
      expect(await deadOf('recorder')).toEqual([`kept from ${filter}`]);
    },
  );

  it.each<object>([{ all: true }, { constructor: { name: 'x' } }])('does nothing: %j', async (filter) => {
    const id = `untouched by ${JSON.stringify(filter)}`;
    await kill([id]);
    await api(service, 'POST', '/deliveries/discard', { body: { filter } });
    expect(await deadOf('recorder')).toEqual([id]);
  });
});
