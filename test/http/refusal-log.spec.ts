import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';

import { Lifecycle } from '../../src/observability/lifecycle.js';
import { Recorder } from '../support/listeners.js';
import { exchange, rawPost } from '../support/raw-socket.js';
import { PATH, payload, SECRET, TestService, toBytes } from '../support/service.js';
import { until } from '../support/until.js';

let service: TestService;
afterEach(() => service.stop());

type Fields = Readonly<Record<string, unknown>>;

/** What is logged from now on, by level, fields and message. */
function logged(): [level: string, fields: Fields, message: string][] {
  const lines: [string, Fields, string][] = [];
  const at =
    (level: string) =>
    (fields: Fields, message: string): void =>
      void lines.push([level, fields, message]);
  const logger: LoggerService = { log: () => undefined, warn: at('warn'), error: at('error') };
  Logger.overrideLogger(logger);
  return lines;
}

const TRACE = '463ac35c9f6413ad';
const traced = { 'x-b3-traceid': TRACE };
const warning = (status: number, more: object = {}): unknown => [
  'warn',
  { status, method: 'POST', path: PATH, ip: '127.0.0.1', traceId: TRACE, ...more },
  expect.stringMatching(/^Refused: \w/),
];

describe('what is refused before it reaches a route is logged with one line', () => {
  it.each<[string, number, () => Promise<unknown>, object]>([
    ['an encoded body', 415, () => service.post('{}', { ...traced, 'content-encoding': 'gzip' }), {}],
    ['another method', 405, () => service.send('PUT', PATH, undefined, traced), { method: 'PUT' }],
    [
      'another path, without its query',
      404,
      () => service.send('GET', `/elsewhere?secret=${SECRET}`, undefined, traced),
      { method: 'GET', path: '/elsewhere' },
    ],
    [
      'a path that is no URL',
      404,
      () => service.send('GET', '/%zz', undefined, traced),
      { method: 'GET', path: '/%zz' },
    ],
    [
      'a long path, of which 200 characters are logged',
      404,
      () => service.send('GET', `/${'x'.repeat(5_000)}`, undefined, traced),
      { method: 'GET', path: `/${'x'.repeat(199)}` },
    ],
    [
      'too many headers',
      431,
      () => {
        const lines = [`X-B3-TraceId: ${TRACE}`, ...Array.from({ length: 96 }, (_, i) => `X-${i}: x`)];
        return exchange(service.port, rawPost(toBytes('{}'), { lines }));
      },
      {},
    ],
    [
      'no Host',
      400,
      () =>
        exchange(
          service.port,
          rawPost(toBytes('{}'), { without: ['host'], lines: [`X-B3-TraceId: ${TRACE}`] }),
        ),
      {},
    ],
  ])('%s', async (_, status, send, fields) => {
    service = await TestService.start();
    const lines = logged();
    expect(await send()).toMatchObject({ status });
    expect(lines).toEqual([warning(status, fields)]);
  });

  it('an address that is not allowed', async () => {
    service = await TestService.start({ ALLOWED_IPS: '192.0.2.1' });
    const lines = logged();
    await service.post(payload(), traced);
    expect(lines).toEqual([warning(401)]);
  });

  it('a request that comes while the service stops', async () => {
    const recorder = new Recorder();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    recorder.handle = () => released;
    service = await TestService.start({}, { listeners: [recorder.module()] });
    await service.post(payload());
    await until(() => recorder.seen.length > 0);
    const lines = logged();
    const closed = service.app.close();
    await until(() => service.get(Lifecycle).stopping);
    expect(await service.post(payload(), traced)).toMatchObject({ status: 503 });
    release();
    await closed;
    expect(lines).toContainEqual(warning(503));
  });
});

describe('what never becomes a request is logged with one line that tells whence it came', () => {
  it.each([
    ['no HTTP', 400, `${SECRET}\r\n\r\n`],
    ['headers that are too large', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['headers that do not come', 408, 'GET / HTTP/1.1\r\n'],
  ])('%s', async (_, status, bytes) => {
    service = await TestService.start({}, { deadlines: { headers: 100, request: 100, check: 20 } });
    const lines = logged();
    expect(await exchange(service.port, bytes)).toMatchObject({ status });
    expect(lines).toEqual([
      ['warn', { status, ip: '127.0.0.1' }, expect.stringMatching(/^Refused: The (request|headers) /)],
    ]);
  });
});

describe('what a route refuses', () => {
  it('is logged in the same way', async () => {
    service = await TestService.start();
    const lines = logged();
    const path = `${PATH}/${'x'.repeat(5_000)}`;
    await service.post(payload(), { ...traced, 'x-hub-signature': undefined }, path);
    expect(lines).toEqual([warning(401, { path: path.slice(0, 200) })]);
  });
});
