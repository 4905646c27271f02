import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { expectAccepted, expectRefusal } from '../support/answers.js';
import { RawSocket, exchange, rawHead, rawPost } from '../support/raw-socket.js';
import { rowsFromNow, type NewRows } from '../support/rows.js';
import { payload, TestService, toBytes } from '../support/service.js';

let service: TestService;
let fresh: NewRows;
beforeAll(async () => {
  service = await TestService.start();
});
beforeEach(async () => {
  fresh = await rowsFromNow(service);
});
afterAll(() => service.stop());

const CHUNKED = { without: ['content-length'], lines: ['Transfer-Encoding: chunked'] };

/** A body as chunks of so many bytes. */
function chunks(body: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < body.length; i += size) {
    const part = body.subarray(i, i + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

describe('a body in chunks', () => {
  it.each([1, 2, 7, 10_000])(
    'is put together byte for byte, also across characters: %d at a time',
    async (size) => {
      const body = toBytes(payload('STARTED', `größe 📞 ${size}`));
      const socket = await RawSocket.open(service.port);
      await socket.write(rawHead(body, CHUNKED));
      await socket.write(chunks(body, size));
      expectAccepted(await socket.answer(), [`größe 📞 ${size}`]);
      socket.destroy();
      expect(await fresh.receipts()).toMatchObject([{ body }]);
    },
  );

  it('is put together when it comes byte by byte', async () => {
    const body = toBytes(payload('STARTED', '📞 slowly'));
    const socket = await RawSocket.open(service.port);
    for (const byte of Buffer.concat([Buffer.from(rawHead(body, CHUNKED)), chunks(body, 3)])) {
      await socket.write(Buffer.of(byte));
    }
    expectAccepted(await socket.answer(), ['📞 slowly']);
    socket.destroy();
    expect(await fresh.receipts()).toMatchObject([{ body }]);
  });

  it('may be followed by trailers, which mean nothing', async () => {
    const body = toBytes(payload('STARTED', 'trailers'));
    const wrong = { ...CHUNKED, without: [...CHUNKED.without, 'x-hub-signature'] };
    const end = (trailer: string): string => `0\r\n${trailer}\r\n\r\n`;
    const sent = (head: string, trailer: string): string =>
      `${head}${body.length.toString(16)}\r\n${body.toString()}\r\n${end(trailer)}`;
    expectAccepted(await exchange(service.port, sent(rawHead(body, CHUNKED), 'X-Trailer: x')), ['trailers']);
    const signature = /X-Hub-Signature: .*/.exec(rawHead(body))?.[0] as string;
    expectRefusal(await exchange(service.port, sent(rawHead(body, wrong), signature)), 401);
  });

  it('that is empty is refused as any empty one', async () => {
    const body = Buffer.alloc(0);
    expectRefusal(await exchange(service.port, `${rawHead(body, CHUNKED)}0\r\n\r\n`), 400);
    expect(await fresh.quarantine()).toMatchObject([{ body }]);
  });

  it('with a wrong length of a chunk is refused', async () => {
    const body = toBytes(payload());
    expectRefusal(await exchange(service.port, `${rawHead(body, CHUNKED)}zz\r\n{}\r\n0\r\n\r\n`), 400);
    expect(await fresh.receipts()).toEqual([]);
  });
});

it('tells a sender that asks with Expect: 100-continue to go on', async () => {
  const body = toBytes(payload('STARTED', 'expected'));
  const socket = await RawSocket.open(service.port);
  await socket.write(rawHead(body, { lines: ['Expect: 100-continue'] }));
  expect((await socket.answer()).status).toBe(100);
  await socket.write(body);
  expectAccepted(await socket.answer(), ['expected']);
  socket.destroy();
});

describe('requests that are sent without waiting for answers', () => {
  it('are answered in their order', async () => {
    const socket = await RawSocket.open(service.port);
    const valid = (id: string): Buffer => rawPost(toBytes(payload('STARTED', id)));
    const requests = [
      valid('first'),
      rawPost(Buffer.from('no JSON')),
      valid('third'),
      Buffer.from('GET /nexus/v3/some/interactions/webhook/path HTTP/1.1\r\nHost: x\r\n\r\n'),
      rawPost(toBytes(payload()), { without: ['x-hub-signature'] }),
      valid('sixth'),
    ];
    await socket.write(Buffer.concat(requests));
    expectAccepted(await socket.answer(), ['first']);
    expectRefusal(await socket.answer(), 400);
    expectAccepted(await socket.answer(), ['third']);
    expectRefusal(await socket.answer(), 405);
    expectRefusal(await socket.answer(), 401);
    expectAccepted(await socket.answer(), ['sixth']);
    socket.destroy();
  });

  it('are all stored, however many there are', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `pipelined-${i}`);
    const socket = await RawSocket.open(service.port);
    await socket.write(Buffer.concat(ids.map((id) => rawPost(toBytes(payload('STARTED', id))))));
    for (const id of ids) expectAccepted(await socket.answer(), [id]);
    socket.destroy();
    expect((await fresh.events()).map((event) => event.interaction_id).sort()).toEqual(ids.toSorted());
  });
});

describe('a request that expects something', () => {
  it.each(['something-else', '100-continue', '100-continue, something-else'])(
    'is answered as any other: %s',
    async (expectation) => {
      const body = toBytes(payload('STARTED', `expects ${expectation}`));
      const socket = await RawSocket.open(service.port);
      await socket.write(rawPost(body, { lines: [`Expect: ${expectation}`] }));
      let answer = await socket.answer();
      if (answer.status === 100) answer = await socket.answer();
      socket.destroy();
      expectAccepted(answer, [`expects ${expectation}`]);
      expect(await fresh.receipts()).toMatchObject([{ body }]);
    },
  );
});

describe('HTTP/1.0', () => {
  it('is spoken: no Host header, and the connection closed after the answer', async () => {
    const body = toBytes(payload('STARTED', 'old'));
    const socket = await RawSocket.open(service.port);
    await socket.write(rawPost(body, { version: '1.0', without: ['host'] }));
    expectAccepted(await socket.answer(), ['old']);
    await socket.closed;
  });
});

it('stores nothing of a request whose sender goes away before its end', async () => {
  const body = toBytes(payload('STARTED', 'gone'));
  const socket = await RawSocket.open(service.port);
  await socket.write(rawPost(body).subarray(0, -1));
  socket.destroy();
  await socket.closed;
  expectAccepted(await service.post(payload('STARTED', 'after')), ['after']);
  expect(await fresh.events()).toMatchObject([{ interaction_id: 'after' }]);
});

it('stores a request whose sender goes away without waiting for the answer', async () => {
  const body = toBytes(payload('STARTED', 'impatient'));
  const socket = await RawSocket.open(service.port);
  await socket.write(rawPost(body));
  socket.destroy();
  await socket.closed;
  let events = await fresh.events();
  while (events.length === 0) events = await fresh.events();
  expect(events).toMatchObject([{ interaction_id: 'impatient' }]);
});
