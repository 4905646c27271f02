import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Injectable, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import {
  AppConfig,
  DeliveryService,
  EventService,
  keepRawBody,
  OnInteraction,
  QuarantineService,
  WebhookModule,
  type InteractionEvent,
} from '../src/index.js';
import { PATH, payload, SECRET, signature, toBytes } from './support/service.js';
import { until } from './support/until.js';

const seen: InteractionEvent[] = [];

@Injectable()
class HostListener {
  @OnInteraction({ name: 'host' })
  handle(event: InteractionEvent): void {
    seen.push(event);
  }
}

@Controller('host')
class HostController {
  @Post('echo')
  echo(@Body() body: object): object {
    return { body };
  }
}

/** An application of somebody else's, with a webhook among its own routes. */
describe('an application that imports WebhookModule', () => {
  let dataDir: string;
  let app: NestFastifyApplication;
  let url: string;

  const start = async (): Promise<void> => {
    const config = AppConfig.load({ WEBHOOK_SECRET: SECRET, DATA_DIR: dataDir });
    @Module({
      imports: [WebhookModule.forRoot(config)],
      controllers: [HostController],
      providers: [HostListener],
    })
    class HostModule {}
    app = await NestFactory.create<NestFastifyApplication>(HostModule, new FastifyAdapter(), {
      logger: false,
      bodyParser: false,
    });
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
    keepRawBody(app.getHttpAdapter().getInstance(), config.webhookPath);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  };
  const post = (
    path: string,
    body: object | string,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: new Uint8Array(toBytes(body)),
      headers: { 'content-type': 'application/json', 'x-hub-signature': signature(body), ...headers },
    });

  beforeEach(() => {
    seen.length = 0;
    dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-host-'));
  });
  afterEach(async () => {
    await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('takes webhooks, and hands them to its own listeners', async () => {
    await start();
    const answer = await post(PATH, payload('STARTED', 'embedded'));
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: { code: 0, message: '1 event stored' }, data: { ids: [{ id: 'embedded' }] } },
    ]);
    await until(() => seen.length === 1);
    expect(seen[0]?.interactionId).toBe('embedded');
  });

  it('keeps its own routes, with parsed bodies', async () => {
    await start();
    const answer = await post('/host/echo', { a: [1, 'ü'] });
    expect([answer.status, await answer.json()]).toEqual([201, { body: { a: [1, 'ü'] } }]);
    expect((await post('/host/echo', '{')).status).toBe(400);
  });

  it.each([
    ['a wrong signature', payload(), { 'x-hub-signature': 'sha1=00' }, 401],
    ['a payload that is not valid', { data: { entities: [{ event: 'TELEX' }] } }, {}, 400],
    ['no JSON', '{', {}, 400],
    ['text', payload(), { 'content-type': 'text/plain' }, 415],
  ])('answers %s as the service does', async (_, body, headers, status) => {
    await start();
    const answer = await post(PATH, body, headers);
    expect([answer.status, await answer.json()]).toEqual([
      status,
      {
        status: { code: status, message: expect.any(String) },
        ...(status === 400 && { errors: expect.any(Array) }),
      },
    ]);
  });

  it.each([
    [415, '<xml/>', { 'content-type': 'application/xml' }],
    [413, 'x'.repeat(1_100_000), {}],
  ])(
    'answers %i in a form of its own, where Fastify refuses before a route is reached',
    async (status, body, headers) => {
      await start();
      const answer = await post(PATH, body, headers);
      expect([answer.status, await answer.json()]).toEqual([
        status,
        expect.objectContaining({ statusCode: status }),
      ]);
    },
  );

  it('offers what operators and views need', async () => {
    await start();
    const live: unknown[] = [];
    app.get(EventService, { strict: false }).events.subscribe((event) => live.push(event.interactionId));
    await post(PATH, '{');
    await post(PATH, payload('STARTED', 'live'));
    await until(() => seen.length === 1);
    expect(live).toEqual(['live']);
    expect(await app.get(DeliveryService, { strict: false }).countReplay('host')).toBe(1);
    expect(await app.get(QuarantineService, { strict: false }).list()).toHaveLength(1);
  });

  it('finds its events again after a restart', async () => {
    await start();
    await post(PATH, payload('STARTED', 'before'));
    await until(() => seen.length === 1);
    await app.close();
    await start();
    const deliveries = app.get(DeliveryService, { strict: false });
    await deliveries.replay('host');
    await until(() => seen.length === 2);
    expect(seen.map(({ interactionId }) => interactionId)).toEqual(['before', 'before']);
  });
});
