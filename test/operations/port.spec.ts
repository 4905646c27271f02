import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { OperationsServer } from '../../src/http/operations-server.js';
import { expectAccepted, expectRefusal } from '../support/answers.js';
import { TOKENS } from '../support/operators.js';
import { exchange, RawSocket } from '../support/raw-socket.js';
import { PATH, payload, TestService, type Answer } from '../support/service.js';
import { until } from '../support/until.js';

/** A GET on a connection of its own, with the operator's token. */
const get = (port: number, path: string): Promise<Answer> =>
  exchange(
    port,
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKENS.OPERATOR_TOKEN}\r\nConnection: close\r\n\r\n`,
  );

describe('OPERATIONS_PORT', () => {
  let service: TestService;
  let operations: number;
  beforeAll(async () => {
    service = await TestService.start(
      { ...TOKENS, OPERATIONS_PORT: '0' },
      { deadlines: { headers: 150, request: 300, check: 20 } },
    );
    operations = Number(new URL(service.get(OperationsServer).url as string).port);
  });
  afterAll(() => service.stop());

  it('is another port than the one of the webhook', () => {
    expect(operations).not.toBe(service.port);
  });

  it.each([
    '/api/v1/session',
    '/api/v1/events',
    '/api/v1/nothing',
    '/metrics',
    '/docs',
    '/docs-json',
    '/docs-operations-json',
    '/docs/swagger-ui.css',
    '/',
    '/%61pi/v1/session',
    'http://127.0.0.1/api/v1/session',
  ])('is where %s is; the public port answers 404, also to the right token', async (path) => {
    expectRefusal(await get(service.port, path), 404);
    const { status } = await get(operations, path);
    // The page is there once it was built.
    expect(path.includes('nothing') ? [404] : path === '/' ? [200, 404] : [200]).toContain(status);
  });

  it('demands a token like any other', async () => {
    const answer = await exchange(operations, 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expectRefusal(answer, 401);
  });

  it('leaves the webhook, its 405 and the health checks on the public port', async () => {
    expectAccepted(await service.post(payload('STARTED', 'public')), ['public']);
    expect((await service.send('GET', PATH)).status).toBe(405);
    expect((await service.send('PUT', `${PATH}/email`)).status).toBe(405);
    expect((await service.send('GET', '/health/live')).status).toBe(200);
    // That the event loop stood still, as it may while the tests are compiled, is told once.
    await until(async () => (await get(operations, '/health/ready')).status === 200);
  });

  it('has the limits of the public port', async () => {
    const many = Array.from({ length: 101 }, (_, i) => `X-${i}: 1\r\n`).join('');
    const head = 'GET /api/v1/session HTTP/1.1\r\n';
    const tooMany = await exchange(operations, `${head}Host: localhost\r\n${many}\r\n`);
    const tooLarge = await exchange(operations, `${head}Host: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    const hostless = await exchange(operations, `${head}\r\n`);
    const malformed = await exchange(operations, 'not HTTP\r\n\r\n');
    const answers = [tooMany, tooLarge, hostless, malformed];
    expect(answers.map(({ status }) => status)).toEqual([431, 431, 400, 400]);
    answers.forEach((answer) => expectRefusal(answer, answer.status));
  });

  it('passes over what a request expects', async () => {
    const head = `Host: localhost\r\nAuthorization: Bearer ${TOKENS.OPERATOR_TOKEN}\r\nExpect: something-else`;
    const answer = await exchange(operations, `GET /api/v1/session HTTP/1.1\r\n${head}\r\n\r\n`);
    expect(answer.status).toBe(200);
  });

  it('cuts off who is too slow', async () => {
    const socket = await RawSocket.open(operations);
    await socket.write('GET /api/v1/session HTTP/1.1\r\n');
    expectRefusal(await socket.answer(), 408);
    await socket.closed;
  });
});

describe('a service that stops', () => {
  it('closes both ports, also while a stream is open on the second one', async () => {
    const service = await TestService.start({ ...TOKENS, OPERATIONS_PORT: '0' });
    const operations = Number(new URL(service.get(OperationsServer).url as string).port);
    const stream = await RawSocket.open(operations);
    await stream.write(
      `GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKENS.OPERATOR_TOKEN}\r\n\r\n`,
    );
    expect((await stream.answer()).status).toBe(200);
    await service.stop();
    await stream.closed;
    for (const port of [service.port, operations]) {
      await expect(RawSocket.open(port)).rejects.toThrow('ECONNREFUSED');
    }
  });
});

describe('a service without OPERATIONS_PORT', () => {
  it('has everything on one port', async () => {
    const service = await TestService.start(TOKENS);
    expect(service.get(OperationsServer).url).toBeUndefined();
    const answer = await get(service.port, '/api/v1/session');
    await service.stop();
    expect(answer.status).toBe(200);
  });
});
