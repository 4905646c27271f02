import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { expectAccepted, expectRefusal } from '../support/answers.js';
import { fixture } from '../support/fixtures.js';
import { eventsOf, rowsFromNow, type NewRows } from '../support/rows.js';
import { PATH, payload, SECRET, TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ WEBHOOK_SECRET_EMAIL: SECRET });
});
afterAll(() => service.stop());

let fresh: NewRows;
beforeEach(async () => {
  fresh = await rowsFromNow(service);
});

/** An entry of `data.entities`. */
const entry = (event: string | undefined, id?: string, fields: object = {}): object => ({
  event,
  entity: { id, ...fields },
});
const body = (operationId: string | undefined, ...entities: object[]): object => ({
  operationId,
  data: { entities },
});

describe('what is accepted', () => {
  it("the sample of the vendor's page, whose one event has no field at all", async () => {
    const sample = fixture('vendor-sample.json');
    expectAccepted(await service.post(sample), []);
    expect(await fresh.events()).toMatchObject([
      { type: null, interaction_id: null, operation_id: 'f6c49d91-926b-4473-b2f3-8d8fd295c968', position: 0 },
    ]);
    expect(await fresh.receipts()).toMatchObject([{ body: sample }]);
  });

  it('every listed field, stored as it came; unknown fields and the spelling kept byte for byte', async () => {
    const bytes = fixture('two-events.json');
    const ids = ['8e09e19f-b8ba-4db0-b6e7-dfc8a7776176', '49a0ed5c-77b8-4091-a0c2-1d904ff709b0'];
    expectAccepted(await service.post(bytes), ids);
    const [receipt] = await fresh.receipts();
    expect(receipt?.body.equals(bytes)).toBe(true);
    expect(await fresh.events()).toMatchObject([
      {
        position: 0,
        type: 'STARTED',
        interaction_id: ids[0],
        media_type: 'chat',
        interaction_subtype: 'InboundNew',
        self_uri: `NexusURL/nexus/v3/chat/sessions/${ids[1]}/${ids[0]}`,
        channel: 'default',
        late: 0,
      },
      {
        position: 1,
        type: 'FINISHED',
        interaction_id: ids[1],
        media_type: 'email',
        interaction_subtype: 'Outbound',
        self_uri: `/nexus/v3/email/${ids[1]}`,
        receipt_id: receipt?.id,
      },
    ]);
  });

  it.each([
    '{}',
    ' {\n} ',
    '{"data":{}}',
    '{"data":{"entities":[]}}',
    '{"data":{"entities":null},"operationId":null}',
  ])('a payload without events, whose receipt is kept: %s', async (text) => {
    expectAccepted(await service.post(text), []);
    expectAccepted(await service.post(text), []);
    expect(await fresh.receipts()).toMatchObject([{ body: Buffer.from(text), redeliveries: 1 }]);
    expect(await fresh.events()).toEqual([]);
  });

  it('null for every field, as if it were absent', async () => {
    const empty = { id: null, mediaType: null, interactionSubtype: null, selfUri: null };
    const entities = [
      { event: null, entity: null },
      { event: null, entity: empty },
    ];
    expectAccepted(await service.post({ operationId: null, data: { entities } }), []);
    expectAccepted(await service.post({ data: null }), []);
    const nothing = {
      type: null,
      interaction_id: null,
      media_type: null,
      self_uri: null,
      operation_id: null,
    };
    expect(await fresh.events()).toMatchObject([nothing, nothing]);
  });

  it('10,000 events in one body, answered with as many ids in their order', async () => {
    const large = await TestService.start({ BODY_LIMIT: '4MiB' });
    const ids = Array.from({ length: 10_000 }, (_, i) => `interaction-${i}`);
    expectAccepted(await large.post(body('operation', ...ids.map((id) => entry('STARTED', id)))), ids);
    expect((await eventsOf(large)).map((event) => event.interaction_id)).toEqual(ids);
    await large.stop();
  });
});

describe('ids', () => {
  it("are echoed in the payload's order, duplicates included, and none for an event without one", async () => {
    const entities = [
      entry('STARTED', 'b'),
      entry('STARTED'),
      {},
      entry('FINISHED', 'a'),
      entry('STARTED', 'b'),
    ];
    expectAccepted(await service.post(body('operation', ...entities)), ['b', 'a', 'b']);
    expect((await fresh.events()).map(({ interaction_id: id }) => id)).toEqual(['b', null, null, 'a']);
  });

  it('may be empty, which is not absent', async () => {
    expectAccepted(await service.post(body('', entry('STARTED', ''))), ['']);
    expect(await fresh.events()).toMatchObject([{ interaction_id: '', operation_id: '' }]);
  });
});

describe('all or nothing', () => {
  it('stores no event of a payload of which one is invalid', async () => {
    expectRefusal(
      await service.post(body('operation', entry('STARTED', 'one'), entry('PAUSED', 'two'))),
      400,
    );
    expect(await fresh.receipts()).toEqual([]);
    expect(await fresh.events()).toEqual([]);
    expect(await fresh.quarantine()).toHaveLength(1);
  });
});

describe('a STARTED that comes after the FINISHED of its interaction', () => {
  const late = async (): Promise<(string | number | null)[][]> =>
    (await fresh.events()).map((event) => [event.type, event.interaction_id, event.late]);

  it('is stored and flagged late', async () => {
    expectAccepted(await service.post(body('finish', entry('FINISHED', 'c'))), ['c']);
    expectAccepted(await service.post(body('start', entry('STARTED', 'c'), entry('STARTED', 'd'))), [
      'c',
      'd',
    ]);
    expect(await late()).toEqual([
      ['FINISHED', 'c', 0],
      ['STARTED', 'c', 1],
      ['STARTED', 'd', 0],
    ]);
  });

  it('is late within one payload too, and not in another channel', async () => {
    const both = body('both', entry('FINISHED', 'e'), entry('STARTED', 'e'));
    expectAccepted(await service.post(both), ['e', 'e']);
    expectAccepted(await service.post(body('start', entry('STARTED', 'e')), {}, `${PATH}/email`), ['e']);
    expect(await late()).toEqual([
      ['FINISHED', 'e', 0],
      ['STARTED', 'e', 1],
      ['STARTED', 'e', 0],
    ]);
  });

  it('is not late where the interaction has no id to know it by', async () => {
    await service.post(body('finish', entry('FINISHED')));
    await service.post(body('start', entry('STARTED')));
    expect(await late()).toEqual([
      ['FINISHED', null, 0],
      ['STARTED', null, 0],
    ]);
  });
});

describe('X-B3-TraceId', () => {
  it.each([
    ['16 hex digits', '463ac35c9f6413ad', '463ac35c9f6413ad'],
    ['32 hex digits', '463ac35c9f6413ad48485a3953bb6124', '463ac35c9f6413ad48485a3953bb6124'],
    ['something else', 'trace <1>\t"x"', 'trace?<1>?"x"'],
    ['bytes above ASCII', 'tr\u00e4ce', 'tr?ce'],
    ['1,000 characters', 'x'.repeat(1_000), 'x'.repeat(64)],
    ['nothing', '', null],
    ['no header', undefined, null],
  ])('is never a reason to reject, and stored fit to show: %s', async (_, sent, stored) => {
    expectAccepted(await service.post(payload('STARTED', 'one'), { 'x-b3-traceid': sent }), ['one']);
    expect(await fresh.receipts()).toMatchObject([{ trace_id: stored }]);
  });
});
