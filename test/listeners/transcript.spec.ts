import { gunzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import { TRANSCRIPT_LIMIT } from '../../src/listeners/transcript/transcript.client.js';
import { TranscriptService } from '../../src/listeners/transcript/transcript.service.js';
import { DeliveryService } from '../../src/events/delivery.service.js';
import type { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { status, type LocalServer, type Seen } from './local-server.js';
import { deliveriesOf, event, outcomesOf, Running, untilDelivery } from './running.js';

const running = new Running();
afterEach(() => running.stop());

const CONTENT = { status: { code: 0 }, data: { messages: [{ text: 'Grüß Gott ✓' }] } };

async function fetching(
  answer: LocalServer['answer'] = (response) => response.end(JSON.stringify(CONTENT)),
  env: object = {},
): Promise<{ service: TestService; nexus: LocalServer }> {
  const nexus = await running.server(answer);
  const service = await running.service({
    TRANSCRIPT_BASE_URL: nexus.url,
    TRANSCRIPT_API_KEY: 'nexus-key',
    TRANSCRIPT_ALLOW_PRIVATE: 'on',
    ...env,
  });
  return { service, nexus };
}

const finished = (selfUri: string): object => event('FINISHED', 'one', { selfUri });

describe('transcript', () => {
  it('fetches a finished interaction by its relative selfUri, and gives it back', async () => {
    const { service, nexus } = await fetching();
    const before = Date.now();
    await service.post(event('STARTED', 'one', { selfUri: '/nexus/v3/chat/sessions/a/b' }));
    await service.post(finished('/nexus/v3/chat/sessions/a/b'));
    await untilDelivery(service, 'done');

    expect(nexus.seen).toHaveLength(1);
    const [{ method, url, headers }] = nexus.seen as [Seen];
    expect([method, url, headers['x-api-key']]).toEqual(['GET', '/nexus/v3/chat/sessions/a/b', 'nexus-key']);
    const transcript = await service.get(TranscriptService).find('one');
    expect(transcript).toMatchObject({ seq: 2, uri: `${nexus.url}/nexus/v3/chat/sessions/a/b` });
    expect(transcript?.content).toEqual(CONTENT);
    expect(transcript?.fetchedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('keeps it compressed', async () => {
    const content = { text: 'again and '.repeat(10_000) };
    const { service } = await fetching((response) => response.end(JSON.stringify(content)));
    await service.post(finished('x'));
    await untilDelivery(service, 'done');
    const [row] = await service.store.query(service.store.builder.selectFrom('transcripts').selectAll());
    expect(row?.body.length).toBeLessThan(2_000);
    expect(JSON.parse(gunzipSync(row?.body ?? '').toString())).toEqual(content);
    expect((await service.get(TranscriptService).find('one'))?.content).toEqual(content);
  });

  it('keeps one of each event, the latest that was fetched', async () => {
    const { service, nexus } = await fetching((response) => response.end(String(nexus.seen.length)));
    await service.post(finished('x'));
    await untilDelivery(service, 'done');
    await service.get(DeliveryService).replay('transcript');
    await until(() => nexus.seen.length === 2);
    const transcripts = service.get(TranscriptService);
    await until(async () => (await transcripts.find('one'))?.content === 2);
    expect(await service.store.query(service.store.builder.selectFrom('transcripts').select('seq'))).toEqual([
      { seq: 1 },
    ]);
  });

  it('knows nothing of an interaction that has none, or of another channel', async () => {
    const { service } = await fetching();
    await service.post(finished('x'));
    await untilDelivery(service, 'done');
    expect(await service.get(TranscriptService).find('two')).toBeUndefined();
    expect(await service.get(TranscriptService).find('one', 'email')).toBeUndefined();
  });

  it('has nothing to do for an event that does not say where its interaction is', async () => {
    const { service, nexus } = await fetching();
    await service.post(event('FINISHED', 'one'));
    await untilDelivery(service, 'done');
    expect(nexus.connections).toBe(0);
    expect(await outcomesOf(service)).toEqual([]);
  });

  it('tries again when Nexus does not have it yet', async () => {
    const { service, nexus } = await fetching((response) => {
      if (nexus.seen.length === 1) response.writeHead(404);
      response.end('{"late":true}');
    });
    await service.post(finished('x'));
    await untilDelivery(service, 'done');
    expect(await outcomesOf(service)).toEqual(['failed']);
    expect((await service.get(TranscriptService).find('one'))?.content).toEqual({ late: true });
  });

  it.each([
    [status(503, { 'retry-after': '3600' }), 'later'],
    [status(410), 'permanent'],
    [status(401), 'failed'],
    [status(204), 'failed'],
    [(response) => response.end('<html>Sign in</html>'), 'failed'],
  ])('stores nothing of an answer that is no transcript: %#', async (answer, outcome) => {
    const { service } = await fetching(answer);
    await service.post(finished('x'));
    await until(async () => (await outcomesOf(service)).length > 0);
    expect((await outcomesOf(service))[0]).toBe(outcome);
    expect(await service.get(TranscriptService).find('one')).toBeUndefined();
  });

  it('takes a transcript of the greatest size, and not one byte more', async () => {
    const { service, nexus } = await fetching((response, { url }) => {
      response.end(`"${'x'.repeat(TRANSCRIPT_LIMIT - (url === '/fits' ? 2 : 1))}"`);
    });
    await service.post(event('FINISHED', 'fits', { selfUri: '/fits' }));
    await service.post(event('FINISHED', 'larger', { selfUri: '/larger' }));
    await until(async () => (await deliveriesOf(service)).map(({ state }) => state).join() === 'done,dead');
    const transcripts = service.get(TranscriptService);
    expect((await transcripts.find('fits'))?.content).toHaveLength(TRANSCRIPT_LIMIT - 2);
    expect(await transcripts.find('larger')).toBeUndefined();
    expect(nexus.seen).toHaveLength(2);
  });

  it('stops reading an endless answer', async () => {
    let sent = 0;
    const { service } = await fetching((response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && sent < 1e9 && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    await service.post(finished('x'));
    await untilDelivery(service, 'dead');
    expect(sent).toBeLessThan(100 * 1024 * 1024);
  });

  it('is off without a base URL', async () => {
    const service = await running.service({ TRANSCRIPT_API_KEY: 'k' });
    await service.post(finished('x'));
    expect(await deliveriesOf(service)).toEqual([]);
  });
});

describe('transcript goes nowhere else:', () => {
  /** The delivery is dead after one attempt, for a reason. */
  async function expectRefused(service: TestService, reason: string): Promise<void> {
    const { last_error: error } = await untilDelivery(service, 'dead');
    expect(error).toContain(reason);
    expect(await outcomesOf(service)).toEqual(['permanent']);
    expect(await service.get(TranscriptService).find('one')).toBeUndefined();
  }

  it('not to a host that is not allowed, and the API key neither', async () => {
    const other = await running.server();
    const { service, nexus } = await fetching();
    await service.post(finished(`${other.url}/x`));
    await expectRefused(service, `The host 127.0.0.1:${other.port} is not allowed.`);
    expect([other.connections, nexus.connections]).toEqual([0, 0]);
  });

  it('but to one that is', async () => {
    const other = await running.server();
    const { service } = await fetching(undefined, { TRANSCRIPT_ALLOWED_HOSTS: `127.0.0.1:${other.port}` });
    await service.post(finished(`${other.url}/x`));
    await untilDelivery(service, 'done');
    expect(other.seen).toHaveLength(1);
  });

  it('not along a redirect to another host, even an allowed one', async () => {
    const other = await running.server();
    const { service } = await fetching(status(302, { location: `${other.url}/x` }), {
      TRANSCRIPT_ALLOWED_HOSTS: `127.0.0.1:${other.port}`,
    });
    await service.post(finished('x'));
    await expectRefused(service, 'is not allowed');
    expect(other.connections).toBe(0);
  });

  it('but along redirects on its own host', async () => {
    const { service } = await fetching((response, { url }) => {
      if (url === '/x') status(308, { location: '/y' })(response, {} as Seen);
      else response.end('{"moved":true}');
    });
    await service.post(finished('x'));
    await untilDelivery(service, 'done');
    expect(await service.get(TranscriptService).find('one')).toMatchObject({ content: { moved: true } });
  });

  it('not around in circles', async () => {
    const { service, nexus } = await fetching(status(302, { location: '/x' }));
    await service.post(finished('x'));
    await expectRefused(service, 'More than 3 redirects.');
    expect(nexus.seen).toHaveLength(4);
  });

  it.each([
    ['an address', '127.0.0.1'],
    ['a name that resolves to one', 'localhost'],
    ['an address as one number', '2130706433'],
    ['an address in octal', '0177.0.0.1'],
    ['a short address', '127.1'],
    ['the address that is all addresses', '0.0.0.0'],
    ['an address mapped into IPv6', '[::ffff:127.0.0.1]'],
  ])('not to this machine, by %s', async (_, host) => {
    const nexus = await running.server(undefined, true);
    const service = await running.service({ TRANSCRIPT_BASE_URL: `http://${host}:${nexus.port}` });
    await service.post(finished('x'));
    await expectRefused(service, 'a private address, and TRANSCRIPT_ALLOW_PRIVATE is off');
    expect(nexus.connections).toBe(0);
  });

  it('but to this machine by the same ways where that is allowed', async () => {
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '127.1']) {
      const nexus = await running.server(undefined, true);
      const service = await running.service({
        TRANSCRIPT_BASE_URL: `http://${host}:${nexus.port}`,
        TRANSCRIPT_ALLOW_PRIVATE: 'on',
      });
      await service.post(finished('x'));
      await untilDelivery(service, 'done');
      expect(nexus.seen).toHaveLength(1);
    }
  });
});
