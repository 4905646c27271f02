import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { expectAccepted, expectRefusal } from '../support/answers.js';
import { RawSocket, rawHead, rawPost } from '../support/raw-socket.js';
import { countRows } from '../support/rows.js';
import { payload, TestService, toBytes } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({}, { deadlines: { headers: 150, request: 300, check: 20 } });
});
afterAll(() => service.stop());

const body = toBytes(payload('STARTED', 'slow'));

describe('a sender that is too slow is answered 408 and cut off', () => {
  it.each([
    ['in the request line', 'POST /nex'],
    ['in the headers', rawHead(body).slice(0, 60)],
    ['before the body', rawHead(body)],
    ['in the body', rawPost(body).subarray(0, -1)],
    [
      'between two chunks',
      `${rawHead(body, { without: ['content-length'], lines: ['Transfer-Encoding: chunked'] })}1\r\n{\r\n`,
    ],
  ])('%s', async (_, start) => {
    const socket = await RawSocket.open(service.port);
    await socket.write(start);
    const answer = await socket.answer();
    expectRefusal(answer, 408);
    expect(answer.headers.connection).toBe('close');
    await socket.closed;
    expect(await countRows(service)).toEqual({ receipts: 0, events: 0, quarantine: 0 });
  });

  it('a few bytes at a time', async () => {
    const socket = await RawSocket.open(service.port);
    const head = rawHead(body);
    let sent = 0;
    const drip = setInterval(() => void socket.write(head.charAt(sent++)), 10);
    expectRefusal(await socket.answer(), 408);
    clearInterval(drip);
    await socket.closed;
  });
});

it('accepts a sender that keeps its connection and is quick each time', async () => {
  const other = await TestService.start({}, { deadlines: { headers: 150, request: 300, check: 20 } });
  const socket = await RawSocket.open(other.port);
  const until = Date.now() + 400;
  for (let i = 0; Date.now() < until; i++) {
    await socket.write(rawPost(toBytes(payload('STARTED', `quick-${i}`))));
    expectAccepted(await socket.answer(), [`quick-${i}`]);
  }
  socket.destroy();
  await other.stop();
});
