import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { PermanentError } from '../../src/events/delivery.js';
import { Clock } from '../../src/events/clock.js';
import { StreamController } from '../../src/operations/stream/stream.controller.js';
import type { StreamAttemptDto } from '../../src/operations/stream/stream.dto.js';
import { StreamService } from '../../src/operations/stream/stream.service.js';
import { expectRefusal } from '../support/answers.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { eventsOf } from '../support/rows.js';
import { payload, type TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { get, getAll, getPage, settled, startOperated, watchReads } from './reads-client.js';
import { fillLog } from './reads-log.js';
import { StreamReader } from './stream-reader.js';

const recorder = new Recorder();
let service: TestService;
let streams: StreamService;
const readers: StreamReader[] = [];
beforeAll(async () => {
  service = await startOperated({ INTERACTIONS: 'off' }, { listeners: [recorder.module()] });
  streams = service.get(StreamService);
});
afterAll(() => service.stop());
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.cut();
  await until(() => streams.size === 0);
});

async function open(query = '', headers: Record<string, string> = {}): Promise<StreamReader> {
  const reader = await StreamReader.open({
    port: service.port,
    path: `/api/v1/stream${query}`,
    headers: { authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}`, ...headers },
  });
  readers.push(reader);
  return reader;
}

/** Posts events, several at once, and resolves when all are stored. */
async function post(count: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: count }, () => service.post(payload())));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
}

async function lastSeq(): Promise<number> {
  const { items } = await getPage<{ seq: number }>(service, '/events?limit=1');
  return items[0]?.seq ?? 0;
}

const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('a stream', () => {
  it('sends each event when it is stored, with its position as id', async () => {
    const stream = await open();
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    await stream.began();
    await service.post(payload('STARTED', 'two\nlines'), { 'x-b3-traceid': 'trace' });
    const [streamed] = await stream.has('event', 1);
    const [{ deliveries: _, ...event }] = (await getAll(service, '/events')) as [{ deliveries: object }];
    expect(streamed).toEqual({ event: 'event', id: '1', data: event });
    expect(event).toMatchObject({ interactionId: 'two\nlines', traceId: 'trace' });
  });

  it('sends what came of each attempt', async () => {
    const stream = await open('?only=attempt');
    await until(() => streams.size === 1);
    recorder.handle = (_, { attempt }) => {
      if (attempt === 1) throw new Error('at first');
      if (attempt === 2) throw new PermanentError('and for good');
    };
    await service.post(payload('FINISHED', 'attempted'), { 'x-b3-traceid': 'trace' });
    const seq = await lastSeq();
    const about = { seq, listener: 'recorder', interactionId: 'attempted', channel: 'default' };
    const attempts = (await stream.has('attempt', 2)).map(({ data }) => data as StreamAttemptDto);
    expect(attempts).toMatchObject([
      { ...about, attempt: 1, outcome: 'failed', state: 'pending', durationMs: expect.any(Number) },
      { ...about, attempt: 2, outcome: 'permanent', state: 'dead', traceId: 'trace' },
    ]);
    expect(attempts.map(({ error }) => error?.split('\n')[0])).toEqual([
      'Error: at first',
      'PermanentError: and for good',
    ]);
    recorder.handle = () => undefined;
    await api(service, 'POST', '/deliveries/retry', { body: { filter: { listener: 'recorder' } } });
    expect((await stream.has('attempt', 3))[2]?.data).toEqual({
      ...about,
      attempt: 3,
      outcome: 'done',
      state: 'done',
      durationMs: expect.any(Number),
      error: null,
      traceId: 'trace',
    });
    expect(stream.of('event')).toEqual([]);
  });

  it('sends an overview at once, and again and again', async () => {
    const stream = await open('?only=overview');
    const overviews = await stream.has('overview', 2);
    expect(overviews[0]?.data).toEqual(expect.objectContaining({ events: expect.any(Object) }));
    expect(stream.events).toHaveLength(overviews.length);
  });

  it('sends several topics, and no other', async () => {
    const stream = await (await open('?only=event,attempt')).began();
    await post(1);
    await stream.has('event', 1);
    await stream.has('attempt', 1);
    expect(stream.of('overview')).toEqual([]);
  });

  it('is for viewers too, and for nobody without a token', async () => {
    const viewer = await open('', { authorization: `Bearer ${TOKENS.VIEWER_TOKEN}` });
    await viewer.has('overview', 1);
    expectRefusal(await api(service, 'GET', '/stream', { token: undefined }), 401);
  });

  it.each([
    ['?only=everything', {}],
    ['?only=', {}],
    ['?lastEventId=-1', {}],
    ['?lastEventId=x', {}],
    ['', { 'last-event-id': 'x' }],
    ['?since=1', {}],
  ])('is not opened by %s %o', async (query, headers) => {
    expectRefusal(await api(service, 'GET', `/stream${query}`, { headers }), 400);
  });
});

describe('whoever comes again', () => {
  it.each(['header', 'parameter'])(
    'gets what came after its last event, by %s, and then what is new',
    async (by) => {
      await post(5);
      const last = await lastSeq();
      const stream =
        by === 'header'
          ? await open('?only=event', { 'last-event-id': String(last - 3) })
          : await open(`?only=event&lastEventId=${last - 3}`);
      await stream.has('event', 3);
      await post(2);
      await stream.has('event', 5);
      expect(stream.seqs).toEqual(from(last - 2, last + 2));
    },
  );

  it('is believed to know its last event better than the address it asks for', async () => {
    await post(3);
    const last = await lastSeq();
    const stream = await open('?only=event&lastEventId=0', { 'last-event-id': String(last - 1) });
    await stream.has('event', 1);
    expect(stream.seqs).toEqual([last]);
  });

  it('gets the whole log in its order, however far it is behind', async () => {
    await fillLog(service, 5_000);
    const last = await lastSeq();
    const stream = await open('?only=event&lastEventId=0');
    await stream.has('event', last);
    expect(stream.seqs).toEqual(from(1, last));
  });

  it('gets what comes from now on when its last event is of a longer log, as before a restore', async () => {
    const last = await lastSeq();
    const stream = await (await open('?only=event', { 'last-event-id': '900000' })).began();
    expect(stream.lastId).toBe(last);
    await post(3);
    await stream.has('event', 3);
    expect(stream.seqs).toEqual(from(last + 1, last + 3));
  });

  it('misses nothing and gets nothing twice, cut off again and again while events come', async () => {
    const first = await lastSeq();
    const total = 400;
    // Cut off before anything came: what comes then is not missed either.
    const early = await (await open('?only=event')).began();
    early.cut();
    const posted = (async () => {
      for (let sent = 0; sent < total; sent += 20) await post(20);
    })();
    const seen: number[] = [];
    let { lastId } = early;
    let connections = 0;
    while (seen.length < total) {
      const stream = await open('?only=event', { 'last-event-id': String(lastId) });
      const enough = 1 + (connections++ % 7) * 5;
      await until(() => stream.seqs.length >= enough || seen.length + stream.seqs.length >= total);
      stream.cut();
      seen.push(...stream.seqs);
      ({ lastId } = stream);
    }
    await posted;
    expect(seen).toEqual(from(first + 1, first + total));
    expect(connections).toBeGreaterThan(10);
  });

  it('gets the same as all others who look at once, each at its own point', async () => {
    const last = await lastSeq();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => open(`?only=event&lastEventId=${last - i * 100}`)),
    );
    await post(50);
    await Promise.all(all.map((stream, i) => stream.has('event', i * 100 + 50)));
    for (const [i, stream] of all.entries()) {
      expect(stream.seqs).toEqual(from(last - i * 100 + 1, last + 50));
    }
  });
});

describe('streams', () => {
  it('show what another process has stored', async () => {
    const stream = await (await open('?only=event')).began();
    const last = await lastSeq();
    const other = await startOperated(
      { INTERACTIONS: 'off', ROLES: 'receive' },
      { dataDir: service.dataDir },
    );
    await other.post(payload());
    await stream.has('event', 1);
    await other.stop();
    expect(stream.seqs).toEqual([last + 1]);
    await settled(service);
  });

  it('go no further than their reader', async () => {
    await fillLog(service, 20_000);
    const watch = watchReads(service);
    const stream = await open('?only=event&lastEventId=0');
    stream.response.pause();
    let stood = 0;
    let last = 0;
    await until(() => {
      // Half a second without the page that would be next; the end of the log is still looked at.
      stood = watch.rows === last ? stood + 1 : 0;
      last = watch.rows;
      return stood > 100;
    });
    watch.end();
    expect(watch.rows).toBeLessThan(20_000);
    // Slow is not gone: it gets all of it when it reads on.
    stream.response.resume();
    const end = await lastSeq();
    await until(() => stream.seqs.at(-1) === end);
    expect(stream.seqs).toEqual((await eventsOf(service)).map(({ seq }) => seq));
  });

  it('are a hundred at the most', async () => {
    const opened = await Promise.all(Array.from({ length: 100 }, () => open('?only=attempt')));
    const refused = await get(service, '/stream');
    expectRefusal(refused, 503);
    expect(refused.headers['retry-after']).toBe('5');
    opened[0]?.cut();
    await until(() => streams.size === 99);
    const another = await open('?only=overview');
    await another.has('overview', 1);
  });

  it('end with the session that opened them', async () => {
    const signedIn = await api(service, 'POST', '/session', {
      token: undefined,
      body: { token: TOKENS.VIEWER_TOKEN },
    });
    const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const almostTwelveHours = Date.now() + 12 * 3_600_000 - 500;
    Object.assign(service.get(StreamController), { clock: { now: () => almostTwelveHours } });
    const stream = await StreamReader.open({ port: service.port, headers: { cookie } });
    Object.assign(service.get(StreamController), { clock: service.get(Clock) });
    expect(stream.response.statusCode).toBe(200);
    await stream.ended;
    expect(stream.response.complete).toBe(true);
  });

  it('end in good order when the service stops, and do not hold it up', async () => {
    const stopping = await startOperated();
    const stream = await StreamReader.open({ port: stopping.port });
    await stream.has('overview', 1);
    await stopping.stop();
    await stream.ended;
    expect(stream.response.complete).toBe(true);
  });
});
