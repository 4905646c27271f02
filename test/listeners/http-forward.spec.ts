import { randomBytes } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { HTTP, type CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';

import type { ForwardedData } from '../../src/listeners/http-forward/cloud-event.js';
import type { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { status, type LocalServer, type Seen } from './local-server.js';
import { deliveriesOf, event, outcomesOf, Running, untilDelivery } from './running.js';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const OLDER = `whsec_${randomBytes(24).toString('base64')}`;

const running = new Running();
afterEach(() => running.stop());

async function forwarding(
  answer: LocalServer['answer'],
  env: object = {},
): Promise<{ service: TestService; receiver: LocalServer }> {
  const receiver = await running.server(answer);
  const url = `${receiver.url}/events?tenant=1`;
  const service = await running.service({ FORWARD_URL: url, FORWARD_SECRET: SECRET, ...env });
  return { service, receiver };
}

const verify = ({ body, headers }: Seen, secret: string): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe('http-forward', () => {
  it('posts a received event as a CloudEvent in structured mode', async () => {
    const { service, receiver } = await forwarding(status(204));
    const traceId = '463ac35c9f6413ad48485a3953bb6124';
    const selfUri = '/nexus/v3/chat/sessions/a/b';
    const before = Date.now();
    await service.post(event('STARTED', 'one', { selfUri }), { 'x-b3-traceid': traceId });
    await untilDelivery(service, 'done');

    const [seen] = receiver.seen as [Seen];
    expect([seen.method, seen.url]).toEqual(['POST', '/events?tenant=1']);
    expect(seen.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const received = HTTP.toEvent({ headers: seen.headers, body: seen.body }) as CloudEvent<ForwardedData>;
    expect(received.validate()).toBe(true);
    expect(received).toMatchObject({
      specversion: '1.0',
      id: seen.headers['webhook-id'],
      source: '/nexus/v3/some/interactions/webhook/path/default',
      type: 'com.genesys.interaction.started',
      subject: 'one',
      datacontenttype: 'application/json',
    });
    expect(received.data).toEqual({
      event: 'STARTED',
      interactionId: 'one',
      mediaType: 'chat',
      interactionSubtype: 'InboundNew',
      selfUri,
      operationId: 'STARTED-one',
      channel: 'default',
      late: false,
      traceId,
    });
    expect(Date.parse(received.time as string)).toBeGreaterThanOrEqual(before);
  });

  it('posts the sample of the vendor, in which every field is missing', async () => {
    const { service, receiver } = await forwarding(status(200));
    await service.post({ operationId: 'op', data: { entities: [{}, { entity: { id: '' } }] } });
    await until(() => receiver.seen.length === 2);
    for (const seen of receiver.seen) {
      const received = HTTP.toEvent({ headers: seen.headers, body: seen.body }) as CloudEvent<ForwardedData>;
      expect(received.type).toBe('com.genesys.interaction');
      expect(received.subject).toBeUndefined();
    }
  });

  it('signs so that the verification of Standard Webhooks passes, and not with another secret or body', async () => {
    const { service, receiver } = await forwarding(status(200), { FORWARD_SECRET: `${SECRET}, ${OLDER}` });
    await service.post(event('FINISHED', 'ünï-✓'));
    await untilDelivery(service, 'done');

    const [seen] = receiver.seen as [Seen];
    expect(verify(seen, SECRET)).toMatchObject({ subject: 'ünï-✓' });
    expect(verify(seen, OLDER)).toEqual(verify(seen, SECRET));
    expect(() => verify(seen, `whsec_${randomBytes(32).toString('base64')}`)).toThrow(
      'No matching signature',
    );
    expect(() => verify({ ...seen, body: seen.body.replace('late', 'Late') }, SECRET)).toThrow();
  });

  it('repeats what failed under the same id, in order for each interaction', async () => {
    const { service, receiver } = await forwarding((response) =>
      response.writeHead(receiver.seen.length === 1 ? 500 : 200).end(),
    );
    await service.post(event('STARTED', 'one'));
    await service.post(event('FINISHED', 'one'));
    await until(async () => (await deliveriesOf(service)).every(({ state }) => state === 'done'));

    const types = receiver.seen.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types.map((type) => type.split('.').at(-1))).toEqual(['started', 'started', 'finished']);
    const [first, second, third] = receiver.seen.map(({ headers }) => headers['webhook-id']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(await outcomesOf(service)).toEqual(['failed']);
  });

  it.each([
    [301, 'failed'],
    [400, 'failed'],
    [404, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [410, 'permanent'],
  ])('takes the answer %i as an attempt that ended as %s', async (code, outcome) => {
    const { service } = await forwarding(status(code));
    await service.post(event('STARTED', 'one'));
    await until(async () => (await outcomesOf(service)).length > 0);
    expect((await outcomesOf(service))[0]).toBe(outcome);
    const [delivery] = await deliveriesOf(service);
    expect(delivery?.last_error).toContain(`The receiver answered ${code}.`);
    expect(delivery?.state === 'dead').toBe(outcome === 'permanent');
  });

  it('follows no redirect', async () => {
    const elsewhere = await running.server();
    const { service } = await forwarding(status(307, { location: `${elsewhere.url}/` }));
    await service.post(event('STARTED', 'one'));
    await until(async () => (await outcomesOf(service)).length > 0);
    expect(elsewhere.connections).toBe(0);
  });

  it.each([429, 503])('comes again when the Retry-After of a %i says so', async (code) => {
    const { service } = await forwarding(status(code, { 'retry-after': '3600' }));
    const before = Date.now();
    await service.post(event('STARTED', 'one'));
    const { due_at: due } = await untilDelivery(service, 'pending');
    expect(due).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(due).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(await outcomesOf(service)).toEqual(['later']);
  });

  it('waits as long as a Retry-After, and no longer', async () => {
    const { service, receiver } = await forwarding((response) => {
      if (receiver.seen.length === 1) response.writeHead(503, { 'retry-after': '1' });
      response.end();
    });
    await service.post(event('STARTED', 'one'));
    await untilDelivery(service, 'done');
    const [first, second] = receiver.seen as [Seen, Seen];
    expect(second.at - first.at).toBeGreaterThanOrEqual(995);
    expect(second.at - first.at).toBeLessThan(5_000);
  });

  it('reads no more of an answer than it has to', async () => {
    let sent = 0;
    const { service } = await forwarding((response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && sent < 1e9 && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    await service.post(event('STARTED', 'one'));
    await untilDelivery(service, 'done');
    expect(sent).toBeLessThan(100 * 1024 * 1024);
  });

  it('is off without a URL', async () => {
    const service = await running.service({ FORWARD_SECRET: SECRET });
    await service.post(event('STARTED', 'one'));
    expect(await deliveriesOf(service)).toEqual([]);
  });
});
