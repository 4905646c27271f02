import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { PermanentError, RetryLaterError } from '../../src/events/delivery.js';
import { DeliveryService } from '../../src/events/delivery.service.js';
import { Lifecycle } from '../../src/observability/lifecycle.js';
import { REFUSAL_REASONS, type RefusalReason } from '../../src/observability/refusal-reason.js';
import { WebhookService } from '../../src/webhook/webhook.service.js';
import { Recorder } from '../support/listeners.js';
import { exchange, RawSocket, rawHead, rawPost } from '../support/raw-socket.js';
import { statesOf } from '../support/rows.js';
import { PATH, payload, SECRET, signature, TestService, toBytes } from '../support/service.js';
import { until } from '../support/until.js';
import { gained, samplesOf, SCRAPED, scrape, VIEWER_TOKEN } from './scrape.js';

const API_KEY = 'key-of-the-sender';
const keyed = { 'x-api-key': API_KEY };

let service: TestService;
const recorder = new Recorder();
beforeAll(async () => {
  service = await TestService.start(
    {
      ...SCRAPED,
      WEBHOOK_SECRET: `${SECRET},older`,
      WEBHOOK_SECRET_EMEA: 'secret-of-emea',
      WEBHOOK_API_KEY: API_KEY,
      UNKNOWN_VALUES: 'accept',
      INTERACTIONS: 'off',
      BODY_LIMIT: '2KiB',
    },
    {
      listeners: [recorder.module({ attempts: 3, timeoutMs: 50 })],
      deadlines: { headers: 1_000, request: 1_000, check: 20 },
    },
  );
});
afterAll(() => service.stop());

/** Until no listener has anything to do with what was sent before. */
const settled = (): Promise<void> =>
  until(async () =>
    (await statesOf(service)).every((state) => !['blocked', 'pending', 'running'].includes(state)),
  );

/** What is counted from the start of `work` until its last attempt is over. */
async function during(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await settled();
  return gained(service, async () => {
    await work();
    await settled();
  });
}

describe('/metrics', () => {
  it.each([{}, { authorization: 'Bearer wrong-wrong-wrong-wrong' }, { authorization: 'Basic x' }])(
    'tells nothing without a token (%j)',
    async (headers) => {
      const answer = await service.send('GET', '/metrics', undefined, headers);
      expect(answer.status).toBe(401);
      expect(answer.text).not.toContain('interactions_webhook');
    },
  );

  it('is in the format of Prometheus, and kept by nobody', async () => {
    const headers = { authorization: `Bearer ${VIEWER_TOKEN}` };
    const answer = await service.send('GET', '/metrics', undefined, headers);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('has no secret, no id and no text of a payload', async () => {
    await service.post(payload('STARTED', 'canary-of-the-id'), {
      ...keyed,
      'x-b3-traceid': 'canary-of-trace',
    });
    await service.post(payload(), keyed, `${PATH}/canary-of-the-channel`);
    expect(await scrape(service)).not.toMatch(/canary|test-secret|older|secret-of-emea|key-of/);
  });
});

describe('a webhook that is stored', () => {
  it('is counted with its event, its channel, the secret that matched, its commit and its deliveries', async () => {
    const counts = await during(() => service.post(payload('STARTED'), keyed));
    expect(counts).toMatchObject({
      requests_received_total: 1,
      'request_duration_seconds_count{status="200"}': 1,
      'signatures_matched_total{channel="default",secret="0"}': 1,
      'payloads_accepted_total{channel="default"}': 1,
      'events_stored_total{channel="default",type="STARTED",media_type="chat"}': 1,
      store_commit_receipts_count: 1,
      'attempts_total{listener="recorder",outcome="done"}': 1,
      'attempt_duration_seconds_count{listener="recorder"}': 1,
      'deliveries_finished_total{listener="recorder",outcome="done"}': 1,
    });
    expect(
      Object.keys(counts).filter((name) => /rejected|quarantined|duplicate|failures/.test(name)),
    ).toEqual([]);
  });

  it('is counted under the secret that matched, which may be an older one', async () => {
    const body = payload();
    const counts = await during(() =>
      service.post(body, { ...keyed, 'x-hub-signature': signature(body, 'older') }),
    );
    expect(counts).toMatchObject({ 'signatures_matched_total{channel="default",secret="1"}': 1 });
  });

  it('is counted under its channel', async () => {
    const body = payload();
    const headers = { ...keyed, 'x-hub-signature': signature(body, 'secret-of-emea') };
    const counts = await during(() => service.post(body, headers, `${PATH}/emea`));
    expect(counts).toMatchObject({
      'signatures_matched_total{channel="emea",secret="0"}': 1,
      'payloads_accepted_total{channel="emea"}': 1,
      'events_stored_total{channel="emea",type="STARTED",media_type="chat"}': 1,
    });
  });

  it('is counted as a duplicate, and as no new event, when it comes again', async () => {
    const body = payload();
    await service.post(body, keyed);
    const counts = await during(() => service.post(body, keyed));
    expect(counts).toMatchObject({
      'events_duplicate_total{channel="default"}': 1,
      'payloads_accepted_total{channel="default"}': 1,
    });
    expect(Object.keys(counts).filter((name) => name.startsWith('events_stored'))).toEqual([]);
  });

  it.each([
    [
      'values that the page does not list',
      { event: 'PAUSED', entity: { id: 'x', mediaType: 'fax' } },
      'other',
      'other',
    ],
    ['no values', {}, 'none', 'none'],
  ])('is counted under few labels, with %s', async (_, entity, type, mediaType) => {
    const body = { operationId: `few labels ${type}`, data: { entities: [entity] } };
    const counts = await during(() => service.post(body, keyed));
    expect(counts).toMatchObject({
      [`events_stored_total{channel="default",type="${type}",media_type="${mediaType}"}`]: 1,
    });
  });
});

describe('a refused request', () => {
  const body = toBytes(payload());
  const refused: Partial<Record<RefusalReason, () => Promise<unknown>>> = {
    signature: () => service.post(payload(), { ...keyed, 'x-hub-signature': 'sha1=00' }),
    unknown_channel: () => service.post(payload(), keyed, `${PATH}/nowhere`),
    api_key: () => service.post(payload(), { 'x-api-key': 'wrong' }),
    invalid_payload: () => service.post('{', keyed),
    malformed: () => exchange(service.port, 'hello\r\n\r\n'),
    not_found: () => service.send('POST', '/nexus/v3/elsewhere'),
    method: () => service.send('PUT', PATH),
    media_type: () => service.post('<x/>', { ...keyed, 'content-type': 'application/xml' }),
    body_too_large: () => service.post('x'.repeat(3_000), keyed),
    headers_too_large: () => service.post(body, { ...keyed, 'x-filler': 'x'.repeat(20_000) }),
    timeout: async () => {
      const socket = await RawSocket.open(service.port);
      await socket.write(rawHead(body));
      await socket.answer();
      await socket.closed;
    },
  };

  /** What was refused, by reason. */
  const rejected = (counts: Record<string, number>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(counts).flatMap(([name, count]) => {
        const reason = /^requests_rejected_total\{reason="(.*)"\}$/.exec(name)?.[1];
        return reason === undefined ? [] : [[reason, count]];
      }),
    );

  it.each(Object.entries(refused))('is counted once, under the reason %s', async (reason, send) => {
    expect(rejected(await during(send))).toEqual({ [reason]: 1 });
  });

  it('is counted where its path is no URL, and where it has two Host headers', async () => {
    const counts = await during(async () => {
      await service.send('GET', '/%zz');
      await exchange(service.port, rawPost(body, { lines: ['Host: other'] }));
    });
    expect(rejected(counts)).toEqual({ not_found: 1, malformed: 1 });
  });

  it('is no fault of ours where its sender breaks off', async () => {
    const counts = await during(async () => {
      const before = await samplesOf(service);
      const changed = async (name: string): Promise<boolean> =>
        (await samplesOf(service))[name] !== before[name];
      const socket = await RawSocket.open(service.port);
      await socket.write(rawHead(body));
      await until(() => changed('requests_received_total'));
      socket.destroy();
      await until(() => changed('requests_rejected_total{reason="malformed"}'));
    });
    expect(rejected(counts)).toEqual({ malformed: 1 });
    expect(Object.keys(counts).filter((name) => name.startsWith('request_duration'))).toEqual([]);
  });

  it('is counted as a fault where the fault is ours', async () => {
    const webhook = service.get(WebhookService);
    const receive = webhook.receive.bind(webhook);
    webhook.receive = () => Promise.reject(new Error('a fault'));
    const counts = await during(() => service.post(payload(), keyed));
    webhook.receive = receive;
    expect(counts).toMatchObject({
      'requests_rejected_total{reason="fault"}': 1,
      'request_duration_seconds_count{status="500"}': 1,
    });
  });

  it('has every reason shown from the start, so that its first time is an increase', async () => {
    const samples = await samplesOf(service);
    for (const reason of REFUSAL_REASONS) {
      expect(samples).toHaveProperty([`requests_rejected_total{reason="${reason}"}`]);
    }
  });
});

describe('a payload that is not valid', () => {
  it('is counted as quarantined each time it comes, and is held once', async () => {
    const before = (await samplesOf(service))['quarantine_held'] ?? 0;
    const counts = await during(async () => {
      await service.post('{"a":', keyed);
      await service.post('{"a":', keyed);
    });
    expect(counts).toMatchObject({ 'payloads_quarantined_total{channel="default"}': 2 });
    await until(async () => (await samplesOf(service))['quarantine_held'] === before + 1);
  });
});

describe('an attempt', () => {
  afterEach(() => {
    recorder.handle = () => undefined;
  });

  it.each<[string, () => unknown, Record<string, number>]>([
    ['fails, and is tried again', () => fail(new Error('down')), { failed: 3, dead: 1 }],
    ['fails for good', () => fail(new PermanentError('never')), { permanent: 1, dead: 1 }],
    ['asks to be tried later', () => fail(new RetryLaterError(0)), { later: 3, dead: 1 }],
    ['takes too long', () => new Promise(() => undefined), { timeout: 3, dead: 1 }],
  ])('that %s is counted by what came of it, and so is its delivery', async (_, handle, expected) => {
    recorder.handle = handle;
    const { dead, ...attempts } = expected;
    const counts = await during(() => service.post(payload(), keyed));
    for (const [outcome, count] of Object.entries(attempts)) {
      expect(counts).toMatchObject({ [`attempts_total{listener="recorder",outcome="${outcome}"}`]: count });
    }
    expect(counts).toMatchObject({ 'deliveries_finished_total{listener="recorder",outcome="dead"}': dead });
  });

  it('that is the last one leaves a dead letter, which is told until somebody has seen to it', async () => {
    const dead = (await statesOf(service)).filter((state) => state === 'dead').length;
    expect(dead).toBeGreaterThan(0);
    await until(async () => (await samplesOf(service))['dead_letters{listener="recorder"}'] === dead);
    await service.get(DeliveryService).discard({ listener: 'recorder' });
    await until(async () => (await samplesOf(service))['dead_letters{listener="recorder"}'] === 0);
  });

  function fail(error: Error): never {
    throw error;
  }
});

describe('what the store holds', () => {
  it('is told for each listener: whether it is paused, what is open, and for how long', async () => {
    const deliveries = service.get(DeliveryService);
    await deliveries.pause('recorder');
    await service.post(payload(), keyed);
    const lag = 'listener_lag_seconds{listener="recorder"}';
    await until(async () => ((await samplesOf(service))[lag] ?? 0) > 0);
    const samples = await samplesOf(service);
    expect(samples).toMatchObject({
      'listener_loaded{listener="recorder"}': 1,
      'listener_paused{listener="recorder"}': 1,
      'deliveries_open{listener="recorder"}': 1,
    });
    expect(samples['listener_oldest_pending_seconds{listener="recorder"}']).toBeGreaterThan(0);
    await deliveries.resume('recorder');
    await until(async () => (await samplesOf(service))['deliveries_open{listener="recorder"}'] === 0);
    expect(await samplesOf(service)).toMatchObject({ [lag]: 0, 'listener_paused{listener="recorder"}': 0 });
  });

  it('is left out while the store gives no answer, and the rest is told all the same', async () => {
    const other = new Database(join(service.dataDir, 'interactions.db'));
    other.exec('ALTER TABLE quarantine RENAME TO hidden');
    await until(async () => !('quarantine_held' in (await samplesOf(service))));
    const samples = await samplesOf(service);
    other.exec('ALTER TABLE hidden RENAME TO quarantine');
    other.close();
    expect(samples).toHaveProperty('requests_received_total');
    expect(Object.keys(samples).filter((name) => name.startsWith('dead_letters'))).toEqual([]);
    await until(async () => 'quarantine_held' in (await samplesOf(service)));
  });

  it('is asked for once a second, however many ask', async () => {
    const { store } = service;
    const read = store.read.bind(store);
    let queries = 0;
    store.read = (query) => {
      queries++;
      return read(query);
    };
    const start = performance.now();
    for (let i = 0; i < 50; i++) await scrape(service);
    const seconds = Math.ceil((performance.now() - start) / 1_000);
    store.read = read;
    const once = 3;
    expect(queries).toBeLessThanOrEqual(once * (seconds + 1));
  });
});

describe('a store that cannot keep up or fails', () => {
  it('is counted as overload, failure of the store, and end of the service, each for itself', async () => {
    const other = await TestService.start({ ...SCRAPED, MAX_PENDING: '1', INTERACTIONS: 'off' });
    const rival = new Database(join(other.dataDir, 'interactions.db'));
    const counts = await gained(other, async () => {
      rival.exec('BEGIN IMMEDIATE');
      const waiting = other.post(payload());
      await until(() => other.store.backlog === 1);
      expect(await samplesOf(other)).toMatchObject({ store_queue_requests: 1, store_queue_limit: 1 });
      await other.post(payload());
      rival.exec('ROLLBACK');
      await waiting;
      rival.exec('ALTER TABLE receipts RENAME TO hidden');
      await other.post(payload());
      rival.exec('ALTER TABLE hidden RENAME TO receipts');
      other.get(Lifecycle).onModuleDestroy();
      await other.post(payload());
    });
    rival.close();
    await other.stop();
    expect(counts).toMatchObject({
      'requests_rejected_total{reason="overload"}': 1,
      'requests_rejected_total{reason="store"}': 1,
      'requests_rejected_total{reason="stopping"}': 1,
      store_commit_failures_total: 1,
    });
  });
});

describe('interactions', () => {
  it('are told as open and as stuck, and as neither once they are finished', async () => {
    const other = await TestService.start({ ...SCRAPED, INTERACTIONS_STUCK_AFTER: '1' });
    const counts = async (): Promise<unknown[]> => {
      const samples = await samplesOf(other);
      return [samples['interactions{state="open"}'], samples['interactions{state="stuck"}']];
    };
    await other.post(payload('STARTED', 'one'));
    await until(async () => (await counts()).join() === '1,1');
    await other.post(payload('FINISHED', 'one'));
    await until(async () => (await counts()).join() === '0,0');
    await other.stop();
  });

  it('are not told of where they are not kept', async () => {
    expect(Object.keys(await samplesOf(service)).filter((name) => name.startsWith('interactions{'))).toEqual(
      [],
    );
  });
});
