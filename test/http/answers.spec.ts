import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { WebhookService } from '../../src/webhook/webhook.service.js';
import { CANARY, expectAccepted, expectRefusal } from '../support/answers.js';
import { RawSocket, exchange, rawHead, rawPost } from '../support/raw-socket.js';
import { countRows } from '../support/rows.js';
import { PATH, payload, SECRET, signature, TestService, toBytes } from '../support/service.js';

const BODY_LIMIT = 2_048;
const KIB = 1_024;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ BODY_LIMIT: String(BODY_LIMIT) });
});
afterAll(() => service.stop());

/** A valid payload of exactly so many bytes. */
function payloadOf(bytes: number): Buffer {
  const empty = toBytes({ ...payload(), padding: '' });
  return Buffer.from(
    empty.toString().replace('"padding":""', `"padding":"${'x'.repeat(bytes - empty.length)}"`),
  );
}

describe('a signed payload that is valid is answered 200', () => {
  it.each([
    ['with one event', payload('STARTED', 'one'), ['one']],
    ['an empty object', {}, []],
    ['without entities', { data: {} }, []],
    ['with empty entities', { data: { entities: [] } }, []],
    ['with an event without an id', { data: { entities: [{ event: 'STARTED', entity: {} }] } }, []],
  ])('%s', async (_, body, ids) => {
    expectAccepted(await service.post(body), ids);
  });
});

describe('a signed payload that is invalid is answered 400 with every fault', () => {
  it.each<[string, string | Buffer | object, string[]]>([
    ['empty', '', ['The body is empty']],
    ['not JSON', `{"${CANARY}`, ['The body is not JSON']],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), ['The body is not UTF-8']],
    ['an array', [CANARY], ['The body is not a JSON object']],
    ['a string', `"${CANARY}"`, ['The body is not a JSON object']],
    ['null', 'null', ['The body is not a JSON object']],
    [
      'nested deeper than 64',
      `{"x":${'['.repeat(64)}${']'.repeat(64)}}`,
      ['The body nests deeper than 64 levels'],
    ],
    [
      'with wrong types',
      { operationId: 7, data: CANARY },
      ['operationId must be a string', 'data must be an object'],
    ],
    ['with entities that is no array', { data: { entities: CANARY } }, ['data.entities must be an array']],
    [
      'with unlisted values',
      { data: { entities: [{ event: CANARY, entity: { mediaType: CANARY, interactionSubtype: CANARY } }] } },
      [
        'data.entities.0.event must be one of the following values: STARTED, FINISHED',
        'data.entities.0.entity.mediaType must be one of the following values: chat, email',
        'data.entities.0.entity.interactionSubtype must be one of the following values: InboundNew, Outbound, SMS, WhatsApp, FacebookPublic, FacebookPrivate, TwitterPublic, TwitterPrivate',
      ],
    ],
    [
      'with U+0000 where it cannot be stored',
      `{"operationId":"${CANARY}\\u0000"}`,
      ['operationId must not contain U+0000 or an unpaired surrogate'],
    ],
  ])('%s', async (_, body, faults) => {
    const { quarantine } = await countRows(service);
    const answer = await service.post(body);
    expectRefusal(answer, 400);
    expect(answer.json).toMatchObject({ errors: expect.arrayContaining(faults) });
    expect(await countRows(service)).toMatchObject({ quarantine: quarantine + 1 });
  });

  it('names 20 faults of a payload that has more', async () => {
    const answer = await service.post({
      data: { entities: Array.from({ length: 25 }, () => ({ entity: { selfUri: 1 } })) },
    });
    expectRefusal(answer, 400);
    const twenty = Array.from({ length: 20 }, (_, i) => `data.entities.${i}.entity.selfUri must be a string`);
    expect(answer.json).toMatchObject({ errors: [...twenty, 'and 5 more'] });
  });
});

describe('another method is answered 405 with Allow: POST', () => {
  const methods = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];

  it.each(methods)('%s', async (method) => {
    for (const path of [PATH, `${PATH}?a=b`, `${PATH}/a-channel`]) {
      const answer = await service.send(method, path);
      expectRefusal(answer, 405);
      expect(answer.headers.allow).toBe('POST');
    }
  });

  it('HEAD, which has no body', async () => {
    const { status, headers, text } = await service.send('HEAD', PATH);
    expect({ status, allow: headers.allow, text }).toEqual({ status: 405, allow: 'POST', text: '' });
  });

  it('PUT with a signed body', async () => {
    const body = toBytes(payload());
    const headers = { 'content-type': 'application/json', 'x-hub-signature': signature(body) };
    expectRefusal(await service.send('PUT', PATH, body, headers), 405);
  });
});

describe('another path is answered 404', () => {
  it.each([
    '/',
    '/nexus/v3',
    `${PATH}/`,
    `${PATH}x`,
    `${PATH}/a/b`,
    PATH.toUpperCase(),
    `${PATH}/%zz`,
    '/%zz',
    '//',
  ])('%s', async (path) => {
    expectRefusal(await service.post(payload(), {}, path), 404);
  });
});

it('answers a path with escapes, or in absolute form, as the same path without', async () => {
  const escaped = PATH.replace('path', '%70ath');
  expectAccepted(await service.post(payload('STARTED', 'escaped'), {}, escaped), ['escaped']);
  const body = toBytes(payload('STARTED', 'absolute'));
  const absolute = rawPost(body, { path: `http://localhost${PATH}` });
  expectAccepted(await exchange(service.port, absolute), ['absolute']);
});

describe('a body that is not plain JSON is answered 415', () => {
  it.each([
    undefined,
    '',
    'garbage',
    'text/plain',
    'text/json',
    'application/jsonp',
    'application/json-patch+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ])('Content-Type %p', async (type) => {
    expectRefusal(await service.post(payload(), { 'content-type': type }), 415);
  });

  it.each(['gzip', 'br', 'deflate', 'identity, gzip'])('Content-Encoding %s', async (encoding) => {
    expectRefusal(await service.post(payload(), { 'content-encoding': encoding }), 415);
  });

  it('is accepted as JSON in other spellings', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON',
    ]) {
      expectAccepted(await service.post(payload('STARTED', 'one'), { 'content-type': type }), ['one']);
    }
    expectAccepted(await service.post(payload('STARTED', 'one'), { 'content-encoding': 'identity' }), [
      'one',
    ]);
  });
});

describe('a body over the limit is answered 413', () => {
  it('takes one of exactly the limit', async () => {
    expect((await service.post(payloadOf(BODY_LIMIT))).status).toBe(200);
  });

  it('by its Content-Length, without waiting for it', async () => {
    const body = payloadOf(BODY_LIMIT + 1);
    const socket = await RawSocket.open(service.port);
    await socket.write(rawHead(body));
    expectRefusal(await socket.answer(), 413);
    await socket.closed;
  });

  it('by its chunks, before the last of them', async () => {
    const body = payloadOf(2 * BODY_LIMIT);
    const socket = await RawSocket.open(service.port);
    await socket.write(rawHead(body, { without: ['content-length'], lines: ['Transfer-Encoding: chunked'] }));
    await socket.write(`${(2 * BODY_LIMIT).toString(16)}\r\n${body.toString().slice(0, -1)}`);
    expectRefusal(await socket.answer(), 413);
    await socket.closed;
  });
});

describe('headers over the limit are answered 431', () => {
  const body = toBytes({});

  it('by their size', async () => {
    expect((await service.post({}, { 'x-filler': 'x'.repeat(15 * KIB) })).status).toBe(200);
    const answer = await exchange(
      service.port,
      rawPost(body, { lines: [`X-Filler: ${'x'.repeat(16 * KIB)}`] }),
    );
    expectRefusal(answer, 431);
  });

  it('by the size of the request line', async () => {
    expectRefusal(
      await exchange(service.port, rawPost(body, { path: `${PATH}?${'x'.repeat(16 * KIB)}` })),
      431,
    );
  });

  it('by their number', async () => {
    const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-Filler-${i}: x`);
    expect((await exchange(service.port, rawPost(body, { lines: lines(96) }))).status).toBe(200);
    expectRefusal(await exchange(service.port, rawPost(body, { lines: lines(97) })), 431);
    expectRefusal(await exchange(service.port, rawPost(body, { lines: lines(500) })), 431);
  });
});

describe('a request that is no valid HTTP is answered 400', () => {
  const body = toBytes({});
  it.each<[string, Buffer | string]>([
    ['garbage', 'hello\r\n\r\n'],
    ['two Host headers', rawPost(body, { lines: ['Host: other'] })],
    ['no Host header', rawPost(body, { without: ['host'] })],
    ['Content-Length and Transfer-Encoding', rawPost(body, { lines: ['Transfer-Encoding: chunked'] })],
    ['two Content-Lengths', rawPost(body, { lines: ['Content-Length: 3'] })],
    ['a space before the colon', rawPost(body, { lines: ['X-Filler : x'] })],
    ['a NUL in a header', rawPost(body, { lines: ['X-Filler: \0'] })],
  ])('%s', async (_, bytes) => {
    expectRefusal(await exchange(service.port, bytes), 400);
  });
});

it('answers a fault of its own 500, and says nothing about it', async () => {
  const fault = new Error(`${SECRET} ${CANARY}`);
  const spy = jest.spyOn(service.get(WebhookService), 'receive').mockRejectedValue(fault);
  expectRefusal(await service.post({ unknown: CANARY }), 500);
  spy.mockRestore();
  expectAccepted(await service.post({ unknown: CANARY }), []);
});
