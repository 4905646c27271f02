import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { QuarantineService } from '../../src/webhook/quarantine.service.js';
import { expectAccepted, expectRefusal } from '../support/answers.js';
import { eventsOf, quarantineOf, receiptsOf, rowsFromNow, type NewRows } from '../support/rows.js';
import { PATH, payload, SECRET, TestService } from '../support/service.js';

/** A payload that is valid with UNKNOWN_VALUES=accept alone; spaces, so that only the same bytes are the same. */
const unlisted = (id: string): Buffer =>
  Buffer.from(
    `{ "operationId" : "${id}", "data":{"entities":[{"event":"PAUSED","entity":{"id":"${id}","mediaType":"sms","interactionSubtype":"Fax"}}]}}\n`,
  );

describe('an authentic payload that is not valid', () => {
  let service: TestService;
  let quarantine: QuarantineService;
  let fresh: NewRows;
  beforeAll(async () => {
    service = await TestService.start({ WEBHOOK_SECRET_EMAIL: SECRET });
    quarantine = service.get(QuarantineService);
  });
  beforeEach(async () => {
    fresh = await rowsFromNow(service);
  });
  afterAll(() => service.stop());

  it.each([
    ['no JSON', Buffer.from('{"operationId":')],
    ['no UTF-8', Buffer.from([0x7b, 0xc3, 0x28, 0x00, 0xff, 0x7d])],
    ['nothing', Buffer.alloc(0)],
    ['a wrong type', Buffer.from('{"data" : [ ] }')],
    ['an unlisted value', unlisted('listed')],
  ])('is kept byte for byte: %s', async (_, bytes) => {
    expectRefusal(await service.post(bytes, { 'x-b3-traceid': '463ac35c9f6413ad' }), 400);
    const rows = await fresh.quarantine();
    expect(rows).toMatchObject([
      { channel: 'default', trace_id: '463ac35c9f6413ad', secret_index: 0, times: 1, state: 'held' },
    ]);
    expect(rows[0]?.body.equals(bytes)).toBe(true);
    expect(await fresh.receipts()).toEqual([]);
    expect(await fresh.events()).toEqual([]);
  });

  it('is one row with a count when it comes again, and another in another channel', async () => {
    const before = Date.now();
    for (let i = 0; i < 3; i++) expectRefusal(await service.post(unlisted('again')), 400);
    expectRefusal(await service.post(unlisted('again'), {}, `${PATH}/email`), 400);
    const rows = await fresh.quarantine();
    expect(rows).toMatchObject([
      { channel: 'default', times: 3 },
      { channel: 'email', times: 1 },
    ]);
    expect(rows[0]?.first_at).toBeGreaterThanOrEqual(before);
    expect(rows[0]?.last_at).toBeGreaterThanOrEqual(rows[0]?.first_at as number);
  });

  it('is counted right when it comes on many connections at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.post(unlisted('at-once'))));
    for (const answer of answers) expectRefusal(answer, 400);
    expect(await fresh.quarantine()).toMatchObject([{ times: 20 }]);
  });

  it('can be listed with its faults, and read', async () => {
    expectRefusal(await service.post(unlisted('listed-1')), 400);
    const answer = await service.post(unlisted('listed-2'), { 'x-b3-traceid': 'trace' }, `${PATH}/email`);
    const [second, first, ...older] = await quarantine.list();
    expect(second).toMatchObject({ channel: 'email', traceId: 'trace', times: 1, state: 'held' });
    expect(answer.json).toMatchObject({ errors: second?.faults });
    expect(first).toMatchObject({ channel: 'default', traceId: undefined });
    expect(older.map(({ id }) => id)).toEqual(older.map(({ id }) => id).toSorted((a, b) => b - a));
    expect(await quarantine.read(first?.id as number)).toEqual(unlisted('listed-1'));
    expect(await quarantine.list({ limit: 1 })).toEqual([second]);
    expect(await quarantine.list({ limit: 1, before: second?.id as number })).toEqual([first]);
  });

  it('can be discarded: it is listed no more, its bytes stay, and it is held again when it comes again', async () => {
    expectRefusal(await service.post(unlisted('discarded')), 400);
    const [{ id } = { id: 0 }] = await quarantine.list();
    await quarantine.discard(id);
    expect((await quarantine.list()).map((held) => held.id)).not.toContain(id);
    expect(await quarantine.read(id)).toEqual(unlisted('discarded'));
    expectRefusal(await service.post(unlisted('discarded')), 400);
    expect(await quarantine.list({ limit: 1 })).toMatchObject([{ id, times: 2, state: 'held' }]);
  });

  it('stays held when it is tried again and still is not valid', async () => {
    expectRefusal(await service.post(unlisted('still')), 400);
    const [held] = await quarantine.list({ limit: 1 });
    expect(await quarantine.reprocess(held?.id as number)).toEqual({ accepted: false, faults: held?.faults });
    expect(await quarantine.list({ limit: 1 })).toEqual([held]);
    expect(await fresh.events()).toEqual([]);
  });

  it('is told from one that is unknown', async () => {
    expect(await quarantine.read(9_999)).toBeUndefined();
    expect(await quarantine.reprocess(9_999)).toBeUndefined();
  });
});

it('is stored as if it had just come when it is valid after a change of the configuration', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
  const env = { WEBHOOK_SECRET_EMAIL: `new,${SECRET}` };
  const strict = await TestService.start(env, { dataDir });
  expectRefusal(await strict.post(unlisted('later'), { 'x-b3-traceid': 'trace' }, `${PATH}/email`), 400);
  expectRefusal(await strict.post('{"operationId":7}'), 400);
  await strict.stop();

  const lenient = await TestService.start({ ...env, UNKNOWN_VALUES: 'accept' }, { dataDir });
  const quarantine = lenient.get(QuarantineService);
  const [wrong, held] = await quarantine.list();
  const id = held?.id as number;
  expect(await quarantine.reprocess(id)).toEqual({ accepted: true, newEvents: 1 });
  expect(await receiptsOf(lenient)).toMatchObject([
    { channel: 'email', body: unlisted('later'), trace_id: 'trace', secret_index: 1 },
  ]);
  expect(await eventsOf(lenient)).toMatchObject([
    {
      channel: 'email',
      type: 'PAUSED',
      media_type: 'sms',
      interaction_subtype: 'Fax',
      interaction_id: 'later',
    },
  ]);
  expect((await quarantine.list()).map((row) => row.id)).toEqual([wrong?.id]);
  // Discarded by somebody who saw it on the list before.
  await quarantine.discard(id);
  expect(await quarantineOf(lenient)).toMatchObject([{ id, state: 'reprocessed' }, { state: 'held' }]);

  expect(await quarantine.reprocess(id)).toEqual({ accepted: true, newEvents: 0 });
  expectAccepted(await lenient.post(unlisted('later'), {}, `${PATH}/email`), ['later']);
  expect(await eventsOf(lenient)).toHaveLength(1);
  await lenient.stop();
  rmSync(dataDir, { recursive: true });
});

describe('UNKNOWN_VALUES=accept', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ UNKNOWN_VALUES: 'accept' });
  });
  afterAll(() => service.stop());

  it('takes unlisted values as they are', async () => {
    expectAccepted(await service.post(unlisted('accepted')), ['accepted']);
    expect(await eventsOf(service)).toMatchObject([
      { type: 'PAUSED', media_type: 'sms', interaction_subtype: 'Fax' },
    ]);
  });

  it.each(['{"data":{"entities":[{"event":1}]}}', '{"data":{"entities":[{"event":"\\u0000"}]}}', '[]', ''])(
    'still refuses what is wrong otherwise: %s',
    async (text) => {
      expectRefusal(await service.post(text), 400);
    },
  );
});

it('acknowledges what it put into quarantine with INVALID_PAYLOAD_STATUS=200', async () => {
  const service = await TestService.start({ INVALID_PAYLOAD_STATUS: '200' });
  for (const bytes of [unlisted('kept'), Buffer.from('not JSON'), Buffer.alloc(0)]) {
    expectAccepted(await service.post(bytes), []);
  }
  expectRefusal(await service.post('not JSON', { 'x-hub-signature': undefined }), 401);
  expect((await quarantineOf(service)).map(({ body }) => body)).toEqual([
    unlisted('kept'),
    Buffer.from('not JSON'),
    Buffer.alloc(0),
  ]);
  expectAccepted(await service.post(payload('STARTED', 'valid')), ['valid']);
  expect(await eventsOf(service)).toHaveLength(1);
  await service.stop();
});
