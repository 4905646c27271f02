import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type {
  InteractionDto,
  InteractionTimelinesDto,
} from '../../src/operations/interactions/interactions.dto.js';
import type { OverviewDto } from '../../src/operations/overview/overview.dto.js';
import type { StatsDto } from '../../src/operations/stats/stats.dto.js';
import { expectRefusal } from '../support/answers.js';
import { PATH, payload, signature, type TestService } from '../support/service.js';
import { get, getAll, receiveAt, settled, startOperated } from './reads-client.js';

const HOUR = 3_600_000;
/** Half an hour after the last event, it is now. */
const START = Date.now() - 10.5 * HOUR;
const at = (hours: number, ms = 0): string => new Date(START + hours * HOUR + ms).toISOString();
const EMAIL_SECRET = 'secret-of-email';

let service: TestService;
let now = START;
beforeAll(async () => {
  service = await startOperated({ WEBHOOK_SECRET_EMAIL: EMAIL_SECRET, INTERACTIONS_STUCK_AFTER: '36000' });
  receiveAt(service, () => now);
  await post('STARTED', 'abandoned');
  now = START + HOUR;
  await post('STARTED', 'handled');
  await post('FINISHED', 'never started');
  now = START + 2 * HOUR;
  await post('FINISHED', 'handled');
  await post('STARTED', 'never started');
  now = START + 3 * HOUR;
  // By another operation: it ends nothing that has not ended before.
  await post('FINISHED', 'handled');
  now = START + 10 * HOUR;
  await post('STARTED', 'fresh');
  const email = payload('STARTED', 'fresh');
  const sign = { 'x-hub-signature': signature(email, EMAIL_SECRET) };
  await service.post(email, sign, `${PATH}/email`);
  await settled(service);
});
afterAll(() => service.stop());

async function post(type: 'STARTED' | 'FINISHED', id: string): Promise<void> {
  expect((await service.post(payload(type, id))).status).toBe(200);
  await settled(service);
}

const interactions = (query = '', limit?: number): Promise<InteractionDto[]> =>
  getAll<InteractionDto>(service, `/interactions?${query}`, limit);
const idsOf = (found: readonly InteractionDto[]): string[] => found.map(({ interactionId }) => interactionId);

describe('the list of interactions', () => {
  it('has those last that were heard of first, with what their events say', async () => {
    const found = await interactions();
    expect(idsOf(found)).toEqual(['fresh', 'fresh', 'never started', 'handled', 'abandoned']);
    expect(found[3]).toEqual({
      interactionId: 'handled',
      channel: 'default',
      state: 'finished',
      startedAt: at(1),
      lateStartedAt: null,
      finishedAt: at(2),
      durationMs: HOUR,
      mediaType: 'chat',
      interactionSubtype: 'InboundNew',
      selfUri: null,
    });
    expect(found[2]).toMatchObject({
      state: 'finished',
      startedAt: null,
      lateStartedAt: at(2),
      durationMs: null,
    });
  });

  it.each([
    ['open', ['fresh', 'fresh']],
    ['stuck', ['abandoned']],
    ['finished', ['never started', 'handled']],
  ])('picks what is %s', async (state, ids) => {
    const found = await interactions(`state=${state}`);
    expect(idsOf(found)).toEqual(ids);
    expect(new Set(found.map((interaction) => interaction.state))).toEqual(new Set([state]));
  });

  it.each([
    ['a channel', 'channel=email', ['fresh']],
    ['a media type', 'mediaType=chat,email', ['fresh', 'fresh', 'never started', 'handled', 'abandoned']],
    ['a media type of none', 'mediaType=email', []],
    ['when it was first heard of', `from=${at(1)}&to=${at(10)}`, ['never started', 'handled']],
    ['the exact time', `from=${at(1, 1)}&to=${at(10, 1)}`, ['fresh', 'fresh']],
    ['a state and a time', `state=finished&to=${at(1)}`, []],
  ])('picks by %s', async (_, query, ids) => {
    expect(idsOf(await interactions(query))).toEqual(ids);
  });

  it.each([1, 2, 500])('comes whole in pages of %s', async (limit) => {
    expect(idsOf(await interactions('', limit))).toHaveLength(5);
    expect(idsOf(await interactions('state=finished', limit))).toEqual(['never started', 'handled']);
  });

  it.each(['state=lost', 'type=STARTED', 'from=2026'])('is not asked for by %s', async (query) => {
    expectRefusal(await get(service, `/interactions?${query}`), 400);
  });
});

describe('one interaction', () => {
  it('has an item for each channel that knows its id', async () => {
    const { items } = (await get(service, '/interactions/fresh')).json as InteractionTimelinesDto;
    expect(items.map(({ channel }) => channel)).toEqual(['default', 'email']);
    const email = (await get(service, '/interactions/fresh?channel=email')).json as InteractionTimelinesDto;
    expect(email.items).toEqual([items[1]]);
  });

  it('has its state, and its events with receipts and deliveries in the order of the log', async () => {
    const { items } = (await get(service, '/interactions/handled')).json as InteractionTimelinesDto;
    expect(items).toMatchObject([
      {
        interactionId: 'handled',
        state: 'finished',
        durationMs: HOUR,
        more: false,
        events: [
          { seq: 2, type: 'STARTED', deliveryList: [{ listener: 'interactions', state: 'done' }] },
          { seq: 4, type: 'FINISHED', receipt: { secretIndex: 0 }, deliveries: { done: 1 } },
          { type: 'FINISHED' },
        ],
      },
    ]);
    expect(items[0]?.events[0]).not.toHaveProperty('body');
  });

  it('is not found where no channel has an event of it', async () => {
    expectRefusal(await get(service, '/interactions/unknown'), 404);
    expectRefusal(await get(service, '/interactions/handled?channel=email'), 404);
  });

  it('shows 500 of its events and says that there are more', async () => {
    // Without an operationId, each entry of a body is an event of its own.
    const entities = Array.from({ length: 501 }, () => ({ event: 'STARTED', entity: { id: 'chatty' } }));
    await service.post({ data: { entities } });
    const all = await getAll(service, '/events?interaction=chatty', 500);
    const { items } = (await get(service, '/interactions/chatty')).json as InteractionTimelinesDto;
    expect([all.length, items[0]?.events.length, items[0]?.more]).toEqual([501, 500, true]);
  });
});

describe('numbers of interactions', () => {
  it('are in the overview', async () => {
    const { interactions: numbers, durations } = (await get(service, '/overview')).json as OverviewDto;
    expect(numbers).toMatchObject({ stuck: 1 });
    expect(durations).toEqual({ medianMs: null, p95Ms: null });
  });

  it('are the durations of those that finished within the minutes that are asked for', async () => {
    const durationsOf = async (minutes: number): Promise<StatsDto['durations']> =>
      ((await get(service, `/stats?minutes=${minutes}`)).json as StatsDto).durations;
    expect(await durationsOf(60)).toMatchObject({ count: 0, medianMs: null });
    const durations = await durationsOf(9 * 60);
    expect(durations).toMatchObject({ count: 1, medianMs: HOUR, p95Ms: HOUR });
    expect(durations?.buckets.filter(({ count }) => count > 0)).toEqual([{ upToMs: HOUR, count: 1 }]);
    expect(durations?.buckets.at(-1)).toEqual({ upToMs: null, count: 0 });
  });
});

describe('without the listener that keeps interactions', () => {
  let bare: TestService;
  beforeAll(async () => {
    bare = await startOperated({ INTERACTIONS: 'off' });
    await bare.post(payload('STARTED', 'plain'));
  });
  afterAll(() => bare.stop());

  it('the list says what to set', async () => {
    const answer = await get(bare, '/interactions');
    expectRefusal(answer, 409);
    expect(answer.text).toContain('INTERACTIONS=on');
  });

  it('one interaction still has its events, and no state', async () => {
    const answer = await get(bare, '/interactions/plain');
    expect(answer.json).toMatchObject({
      items: [{ interactionId: 'plain', state: null, startedAt: null, events: [{ type: 'STARTED' }] }],
    });
  });

  it('the overview and the statistics have no numbers of interactions', async () => {
    expect((await get(bare, '/overview')).json).toMatchObject({ interactions: null, durations: null });
    expect((await get(bare, '/stats')).json).toMatchObject({ durations: null });
  });
});
