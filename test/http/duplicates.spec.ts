import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { expectAccepted } from '../support/answers.js';
import { RawSocket, rawPost } from '../support/raw-socket.js';
import { rowsFromNow, type NewRows } from '../support/rows.js';
import { PATH, SECRET, TestService, toBytes } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ WEBHOOK_SECRET_EMAIL: SECRET });
});
afterAll(() => service.stop());

let fresh: NewRows;
/** An operation of the test's own. */
let operation: string;
beforeEach(async () => {
  operation = randomUUID();
  fresh = await rowsFromNow(service);
});

const started = (id?: string, fields: object = {}): object => ({
  event: 'STARTED',
  entity: { id, ...fields },
});
const body = (operationId: string | undefined, ...entities: object[]): object => ({
  operationId,
  data: { entities },
});

/** How many receipts and events are new, and how often each of the receipts came again. */
async function effect(): Promise<{ receipts: number; events: number; redeliveries: number[] }> {
  const [receipts, events] = await Promise.all([fresh.receipts(), fresh.events()]);
  const redeliveries = receipts.map((receipt) => receipt.redeliveries);
  return { receipts: receipts.length, events: events.length, redeliveries };
}

describe('a duplicate', () => {
  it('is answered 200 with the same ids, has no second effect, and is counted', async () => {
    const same = body(operation, started('one'), started('two'));
    for (let i = 0; i < 3; i++) expectAccepted(await service.post(same), ['one', 'two']);
    expect(await effect()).toEqual({ receipts: 1, events: 2, redeliveries: [2] });
  });

  it('is told by operation, interaction and event, whatever else differs', async () => {
    expectAccepted(await service.post(body(operation, started('one'))), ['one']);
    const other = { unknown: 1, ...body(operation, started('one', { mediaType: 'email' })) };
    expectAccepted(await service.post(other), ['one']);
    expect(await effect()).toEqual({ receipts: 1, events: 1, redeliveries: [1] });
    expect(await fresh.events()).toMatchObject([{ interaction_id: 'one', media_type: null }]);
  });

  it('is none when operation, interaction, event or channel differ', async () => {
    await service.post(body(operation, started('one')));
    await service.post(body(`${operation}x`, started('one')));
    await service.post(body(operation, started('two')));
    await service.post(body(operation, { event: 'FINISHED', entity: { id: 'one' } }));
    await service.post(body(operation, { entity: { id: 'one' } }));
    await service.post(body(operation, started('one')), {}, `${PATH}/email`);
    expect(await effect()).toEqual({ receipts: 6, events: 6, redeliveries: [0, 0, 0, 0, 0, 0] });
  });

  it('within one payload is stored once and acknowledged twice', async () => {
    expectAccepted(await service.post(body(operation, started('one'), started('one'))), ['one', 'one']);
    expect(await effect()).toEqual({ receipts: 1, events: 1, redeliveries: [0] });
  });

  it('beside a new event does not hold that one up', async () => {
    await service.post(body(operation, started('one')));
    expectAccepted(await service.post(body(operation, started('one'), started('two'))), ['one', 'two']);
    const [first, second] = await fresh.receipts();
    expect(await fresh.events()).toMatchObject([
      { interaction_id: 'one', receipt_id: first?.id },
      { interaction_id: 'two', receipt_id: second?.id, position: 1 },
    ]);
  });

  it('is none for values that only look alike when put together', async () => {
    await service.post(body(`${operation}","b`, started('c')));
    await service.post(body(operation, started('b","c')));
    expect(await effect()).toMatchObject({ receipts: 2, events: 2 });
  });
});

describe('an event without operationId or id', () => {
  it.each([
    ['no operationId', body(undefined, started('one'), started('one')), ['one', 'one']],
    ['no id', body('operation', started(), started()), []],
    ['neither', body(undefined, {}, {}), []],
  ])('is told by the bytes of its body and its position: %s', async (_, sent, ids) => {
    expectAccepted(await service.post(sent), ids);
    expectAccepted(await service.post(sent), ids);
    expect(await effect()).toEqual({ receipts: 1, events: 2, redeliveries: [1] });

    // One byte more, and it is another body.
    expectAccepted(await service.post(`${JSON.stringify(sent)} `), ids);
    expect(await effect()).toEqual({ receipts: 2, events: 4, redeliveries: [1, 0] });
    expectAccepted(await service.post(sent, {}, `${PATH}/email`), ids);
    expect(await effect()).toEqual({ receipts: 3, events: 6, redeliveries: [1, 0, 0] });
  });
});

it('stores one event of the same body sent on 20 connections at once', async () => {
  const bytes = rawPost(toBytes(body(operation, started('one'))));
  const sockets = await Promise.all(Array.from({ length: 20 }, () => RawSocket.open(service.port)));
  // All but the last byte first, so that no request is whole before every one has begun.
  await Promise.all(sockets.map((socket) => socket.write(bytes.subarray(0, -1))));
  await Promise.all(sockets.map((socket) => socket.write(bytes.subarray(-1))));
  for (const socket of sockets) expectAccepted(await socket.answer(), ['one']);
  for (const socket of sockets) socket.destroy();
  expect(await effect()).toEqual({ receipts: 1, events: 1, redeliveries: [19] });
});
