import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createApp } from '../../src/app.js';
import { AppConfig } from '../../src/config/app-config.js';
import { expectRefusal } from '../support/answers.js';
import { TOKENS } from '../support/operators.js';
import { PATH, SECRET, TestService, type Answer } from '../support/service.js';

/** What anybody may ask for: the webhook and health checks; and the docs and the page's own files, which hold no data. */
const OPEN =
  /^(\/nexus\/v3\/some\/interactions\/webhook\/path(\/:channel)?|\/health\/(live|ready)|\/docs.*)$/;
const OPEN_PAGE =
  /^\/($|assets\/|interactions($|\/\*)|events($|\/\*)|listeners($|\/\*)|dead-letters$|quarantine($|\/\*)|settings$)/;

/** A service whose routes are written down as they are registered. */
let app: NestFastifyApplication;
let folder: string;
const routes: { method: string; url: string }[] = [];
let send: (method: string, url: string, headers?: Record<string, string>) => Promise<Answer>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
  const config = AppConfig.load({
    ...TOKENS,
    WEBHOOK_SECRET: SECRET,
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
    AUDIT_LOG: 'off',
  });
  app = await createApp(config);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) routes.push({ method: one, url });
    });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = new URL(await app.getUrl());
  send = (method, url, headers = {}) =>
    TestService.prototype.send.call({ port }, method, url, undefined, headers);
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const guarded = (): typeof routes => routes.filter(({ url }) => !OPEN.test(url) && !OPEN_PAGE.test(url));
const filled = (url: string): string => url.replaceAll(/:\w+/g, '1').replaceAll('*', 'x');

describe('every route of the service', () => {
  it('is known to this test', () => {
    expect(guarded().length).toBeGreaterThan(40);
    expect(routes.map(({ url }) => url)).toEqual(
      expect.arrayContaining([
        PATH,
        '/metrics',
        '/api/v1/events',
        '/api/v1/stream',
        '/api/v1/deliveries/retry',
      ]),
    );
  });

  it('that is not open to all answers 401 without a token', async () => {
    for (const { method, url } of guarded()) {
      if (method === 'POST' && url === '/api/v1/session') continue;
      const answer = await send(method, filled(url), { 'x-requested-by': 'tests' });
      expect([method, url, answer.status]).toEqual([method, url, 401]);
      if (method !== 'HEAD') expectRefusal(answer, 401);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it('that writes answers 403 without X-Requested-By, and to a viewer', async () => {
    const writes = guarded().filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    expect(writes.length).toBeGreaterThan(8);
    for (const { method, url } of writes) {
      const operator = { authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}` };
      expect([method, url, (await send(method, filled(url), operator)).status]).toEqual([method, url, 403]);
      if (url === '/api/v1/session') continue;
      const viewer = { authorization: `Bearer ${TOKENS.VIEWER_TOKEN}`, 'x-requested-by': 'tests' };
      expect([method, url, (await send(method, filled(url), viewer)).status]).toEqual([method, url, 403]);
    }
  });
});

describe('a path below /api/v1 where nothing is', () => {
  const nowhere: [string, string][] = [
    ['GET', '/api/v1'],
    ['GET', '/api/v1/'],
    ['GET', '/api/v1/nothing'],
    ['GET', '/api/v1/events/1/nothing?a=b'],
    ['PUT', '/api/v1/events'],
    ['OPTIONS', '/api/v1/events'],
    ['POST', '/metrics'],
  ];

  it.each(nowhere)('answers 401 without a token, and 404 with one: %s %s', async (method, url) => {
    const named = { 'x-requested-by': 'tests' };
    expectRefusal(await send(method, url, named), 401);
    const authorization = `Bearer ${TOKENS.OPERATOR_TOKEN}`;
    expectRefusal(await send(method, url, { ...named, authorization }), 404);
  });

  it.each([
    '//api/v1/events',
    '/api//v1/events',
    '/API/V1/events',
    '/x/../api/v1/events',
    '/api/v1%2Fevents',
  ])('answers nothing of the API in another spelling: %s', async (url) => {
    const { status } = await send('GET', url);
    expect([401, 404]).toContain(status);
  });

  it.each(['/%61pi/v1/events', '/api/v1/%65vents', '/metric%73', 'http://127.0.0.1/api/v1/events'])(
    'is not got around by an escaped path: %s',
    async (url) => {
      expectRefusal(await send('GET', url), 401);
    },
  );
});

describe('a service without any token', () => {
  it('answers 401 to whatever is sent to the API, and says why', async () => {
    const off = await TestService.start();
    const answers = [
      await off.send('GET', '/api/v1/events', undefined, { authorization: 'Bearer undefined' }),
      await off.send('GET', '/metrics'),
      await off.send('POST', '/api/v1/session', undefined, { 'x-requested-by': 'tests' }),
    ];
    await off.stop();
    for (const answer of answers) expectRefusal(answer, 401);
    expect(answers[0]?.text).toContain('OPERATOR_TOKEN');
  });
});

describe('a process that only delivers', () => {
  it("has the operators' API as well", async () => {
    const deliverer = await TestService.start({ ...TOKENS, ROLES: 'deliver' });
    const authorization = `Bearer ${TOKENS.OPERATOR_TOKEN}`;
    const answer = await deliverer.send('GET', '/api/v1/listeners', undefined, { authorization });
    await deliverer.stop();
    expect(answer.status).toBe(200);
  });
});
