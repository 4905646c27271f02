import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { api, TOKENS } from '../support/operators.js';
import { eventsOf, quarantineOf } from '../support/rows.js';
import { PATH, payload, SECRET, TestService, type Answer } from '../support/service.js';

/** A payload that is valid with UNKNOWN_VALUES=accept alone. */
const unlisted = (id: string): object => ({
  operationId: `operation of ${id}`,
  data: { entities: [{ event: 'PAUSED', entity: { id } }] },
});

interface Batch {
  count: number;
  failed: { id: number; errors: string[] }[];
  next: string | null;
}

/** A service that holds five payloads, and the one that takes over its data with other rules. */
let strict: TestService;
let lenient: TestService;
let before: Awaited<ReturnType<typeof quarantineOf>>;
beforeAll(async () => {
  strict = await TestService.start({ ...TOKENS, WEBHOOK_SECRET_EMAIL: SECRET });
  for (const id of ['one', 'two', 'three']) await strict.post(unlisted(id));
  await strict.post(unlisted('of email'), {}, `${PATH}/email`);
  await strict.post(Buffer.from('{"data": [ ] }'));
  before = await quarantineOf(strict);
  lenient = await TestService.start({ ...TOKENS, UNKNOWN_VALUES: 'accept' }, { dataDir: strict.dataDir });
});
afterAll(async () => {
  await lenient.stop();
  await strict.stop();
});

const post = (service: TestService, path: string, filter: object, cursor?: string): Promise<Answer> =>
  api(service, 'POST', `/quarantine/${path}`, { body: { filter, ...(cursor !== undefined && { cursor }) } });
const statesOf = async (): Promise<string[]> => (await quarantineOf(lenient)).map(({ state }) => state);
const held = ['held', 'held', 'held', 'held', 'held'];

describe('POST /quarantine/reprocess', () => {
  it('leaves held what is not valid by the rules of now, and says why', async () => {
    const [first] = before;
    const answer = await post(strict, 'reprocess', { ids: [first?.id as number] });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      count: 0,
      failed: [{ id: first?.id, errors: JSON.parse(first?.errors ?? '') as string[] }],
      next: null,
    });
    expect(await statesOf()).toEqual(held);
    expect(await eventsOf(strict)).toEqual([]);
  });

  it.each([
    ['an id that nothing has', { ids: [999] }],
    ['a channel', { channel: ['nowhere'] }],
    ['a part of a fault', { error: 'data.entities.0.event' }],
  ])('does nothing where a filter picks nothing: %s', async (_, filter) => {
    expect((await post(lenient, 'reprocess', filter)).json).toEqual({ count: 0, failed: [], next: null });
    expect(await statesOf()).toEqual(held);
  });

  it('stores the events of what is valid now, as if it came now, byte for byte', async () => {
    const [first] = before;
    const answer = await post(lenient, 'reprocess', { ids: [first?.id as number] });
    expect(answer.json).toEqual({ count: 1, failed: [], next: null });
    expect(await statesOf()).toEqual(['reprocessed', ...held.slice(1)]);
    expect(await eventsOf(lenient)).toMatchObject([
      { type: 'PAUSED', interaction_id: 'one', channel: 'default' },
    ]);
  });

  it('leaves alone what is not held any more', async () => {
    const ids = before.map(({ id }) => id).slice(0, 1);
    expect((await post(lenient, 'reprocess', { ids })).json).toMatchObject({ count: 0 });
    expect(await eventsOf(lenient)).toHaveLength(1);
  });

  it('stores nothing twice that was stored before its payload was marked', async () => {
    // What a process that is killed in between leaves behind.
    const { builder } = lenient.store;
    await lenient.store.query(
      builder
        .updateTable('quarantine')
        .set({ state: 'held' })
        .where('id', '=', before[0]?.id as number),
    );
    expect((await post(lenient, 'reprocess', { ids: [before[0]?.id] })).json).toMatchObject({ count: 1 });
    expect(await eventsOf(lenient)).toHaveLength(1);
  });

  it('picks by channel, and stores in that channel, whether or not it still has a secret', async () => {
    expect((await post(lenient, 'reprocess', { channel: ['email'] })).json).toMatchObject({ count: 1 });
    expect((await eventsOf(lenient)).at(-1)).toMatchObject({ interaction_id: 'of email', channel: 'email' });
  });

  it('does everything that is left, and names what stays', async () => {
    const answer = (await post(lenient, 'reprocess', {})).json as Batch;
    expect(answer).toMatchObject({ count: 2, failed: [{ id: before.at(-1)?.id }], next: null });
    expect(answer.failed[0]?.errors[0]).toMatch(/^data must be/);
    expect(await statesOf()).toEqual(['reprocessed', 'reprocessed', 'reprocessed', 'reprocessed', 'held']);
  });
});

describe('POST /quarantine/discard', () => {
  it('takes payloads off the list by one of their faults, and keeps their bytes', async () => {
    const [error] = JSON.parse(before.at(-1)?.errors ?? '') as string[];
    expect((await post(lenient, 'discard', { error })).json).toEqual({ count: 1, failed: [], next: null });
    const last = (await quarantineOf(lenient)).at(-1);
    expect(last?.state).toBe('discarded');
    expect(last?.body.toString()).toBe('{"data": [ ] }');
  });

  it('goes a batch at a time', async () => {
    const rows = Array.from({ length: 250 }, (_, i) => ({
      channel: 'default',
      digest: `digest-${i}`,
      body: Buffer.from(JSON.stringify(payload('STARTED', `many-${i}`))),
      secret_index: 0,
      errors: JSON.stringify(['made up']),
      first_at: 1,
      last_at: 1,
    }));
    await lenient.store.query(lenient.store.builder.insertInto('quarantine').values(rows));
    const first = (await post(lenient, 'reprocess', { error: 'made up' })).json as Batch;
    expect(first).toEqual({ count: 200, failed: [], next: expect.any(String) });
    expect(await eventsOf(lenient)).toHaveLength(204);
    const second = await post(lenient, 'discard', { error: 'made up' }, first.next as string);
    expect(second.json).toEqual({ count: 50, failed: [], next: null });
    expect(await eventsOf(lenient)).toHaveLength(204);
  });
});
