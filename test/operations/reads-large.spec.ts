import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type {
  DeliveryGroupsDto,
  DeliveryItemDto,
} from '../../src/operations/deliveries/deliveries-read.dto.js';
import type { EventSummaryDto } from '../../src/operations/events/events.dto.js';
import type { ListenerDto } from '../../src/operations/listeners/listeners-read.dto.js';
import type { OverviewDto } from '../../src/operations/overview/overview.dto.js';
import { interactionKey } from '../../src/store/keys.js';
import { payload, type TestService } from '../support/service.js';
import { get, getAll, getPage, settled, startOperated, watchReads } from './reads-client.js';
import { fillLog } from './reads-log.js';

const EVENTS = 60_000;
/** Reads of a page at the most, whatever it looks for. */
const READS = 15;
/** More than are looked through for one page. */
const DEAD = 12_000;

let service: TestService;
beforeAll(async () => {
  service = await startOperated();
  for (const id of ['needle-in-the-haystack', 'needle-2']) await service.post(payload('STARTED', id));
  const entity = { id: 'needle-3', interactionSubtype: 'SMS' };
  await service.post({ data: { entities: [{ event: 'STARTED', entity }] } });
  await settled(service);
  await fillLog(service, EVENTS - 3, (i) => Date.parse('2026-06-13T00:00:00Z') + i * 1_000);
}, 60_000);
afterAll(() => service.stop());

/** Asks page by page; what each page cost and what it had. */
async function pages(path: string): Promise<{ items: EventSummaryDto[]; reads: number }[]> {
  const found: { items: EventSummaryDto[]; reads: number }[] = [];
  let cursor = '';
  for (;;) {
    const watch = watchReads(service);
    const { items, next } = await getPage<EventSummaryDto>(service, `${path}${cursor}`);
    watch.end();
    found.push({ items, reads: watch.reads });
    if (next === null) return found;
    cursor = `&cursor=${next}`;
  }
}

describe('a page of a large log', () => {
  it('is given up after some work, and its cursor goes on, until the one event that matches is found', async () => {
    const all = await pages('/events?text=needle-in-the-haystack&limit=1');
    expect(all.flatMap(({ items }) => items.map(({ seq }) => seq))).toEqual([1]);
    for (const { reads } of all) expect(reads).toBeLessThanOrEqual(READS);
    // Two for each of three windows: one question that looks at everything would hold up all others.
    expect(all[0]?.reads).toBeGreaterThan(6);
  });

  it('has what there is of a rare type in the meantime', async () => {
    await service.post(payload('FINISHED', 'the latest'));
    const [first] = await pages('/events?text=the&type=FINISHED&limit=500');
    expect(first?.items.map(({ interactionId }) => interactionId)).toEqual(['the latest']);
  });

  it('has no more than it may, however unevenly what matches is spread', async () => {
    await service.post(payload('STARTED', 'needle-4'));
    const all = await pages('/events?text=needle-&limit=2');
    expect(all.map(({ items }) => items.map(({ interactionId }) => interactionId))).toEqual([
      ['needle-4', 'needle-3'],
      ['needle-2', 'needle-in-the-haystack'],
    ]);
  });

  it('of an interaction is found by its key, at once', async () => {
    const [first, ...rest] = await pages('/events?interaction=needle-in-the-haystack');
    expect(first?.items).toHaveLength(1);
    expect(rest).toEqual([]);
  });

  it('of a time is found without looking through what came before or after', async () => {
    const watch = watchReads(service);
    const found = await getAll<EventSummaryDto>(
      service,
      '/events?from=2026-06-13T05:00:00Z&to=2026-06-13T05:00:10Z',
    );
    watch.end();
    expect(found.map(({ receivedAt }) => receivedAt)).toEqual(
      Array.from({ length: 10 }, (_, i) => `2026-06-13T05:00:0${9 - i}.000Z`),
    );
    // Two binary searches, a page, and no more rows than that.
    expect(watch.rows).toBeLessThan(60);
  });
});

describe('dead deliveries of a large log', () => {
  beforeAll(async () => {
    const { store } = service;
    const { builder } = store;
    const listener = (name: string) => ({ name, filter: '{}', backfill_seq: null, created_at: 0 });
    await store.query(builder.insertInto('listeners').values([listener('failing'), listener('working')]));
    const [failing, working] = (await store.query(
      builder
        .selectFrom('listeners')
        .select('id')
        .where('name', 'in', ['failing', 'working'])
        .orderBy('name'),
    )) as [{ id: number }, { id: number }];
    const seqs = (await store.query(builder.selectFrom('events').select('seq').orderBy('seq'))).map(
      ({ seq }) => seq,
    );
    const dead = (seq: number, listener_id: number) => ({
      seq,
      listener_id,
      interaction_key: 'key',
      state: 'dead' as const,
      holds: 0,
      attempt: 1,
      last_error: `Error: number ${seq % 2}\n    at its place`,
    });
    const rows = [
      ...seqs.slice(0, 3).flatMap((seq) => [dead(seq, failing.id), dead(seq, working.id)]),
      ...seqs.slice(-DEAD).map((seq) => dead(seq, failing.id)),
    ];
    for (let first = 0; first < rows.length; first += 2_000) {
      await store.query(builder.insertInto('deliveries').values(rows.slice(first, first + 2_000)));
    }
  });

  it('are found however many others there are, and come once', async () => {
    const found = await getAll<DeliveryItemDto>(service, '/deliveries?state=dead&interaction=needle-2');
    expect(found.map(({ listener }) => listener)).toEqual(['working', 'failing']);
    // Without an index for the type: page by page.
    const all = await getAll<DeliveryItemDto>(
      service,
      '/deliveries?state=dead&to=2026-06-12&from=2000-01-01',
    );
    expect(all).toEqual([]);
    const rare = await getAll<DeliveryItemDto>(service, '/deliveries?state=dead&interactionSubtype=SMS');
    expect(rare.map(({ event, listener }) => [event.interactionId, listener])).toEqual([
      ['needle-3', 'working'],
      ['needle-3', 'failing'],
    ]);
  });

  it('are grouped, all of them', async () => {
    const { items, complete } = (await get(service, '/deliveries/groups')).json as DeliveryGroupsDto;
    expect(complete).toBe(true);
    const total = items.reduce((sum, { count }) => sum + count, 0);
    expect([items.length, total]).toEqual([4, DEAD + 6]);
    expect(
      items.find(({ listener, error }) => listener === 'working' && error === 'Error: number 0'),
    ).toEqual({
      listener: 'working',
      error: 'Error: number 0',
      count: 1,
      firstSeq: 2,
      lastSeq: 2,
    });
  });
});

describe('open deliveries', () => {
  it('are found at once, however old they are, where there are few', async () => {
    const { store } = service;
    const { builder } = store;
    await store.query(
      builder
        .insertInto('deliveries')
        .columns(['seq', 'listener_id', 'interaction_key', 'state', 'holds', 'attempt'])
        .expression((q) =>
          q
            .selectFrom('listeners')
            .select((l) => [l.lit(5).as('seq'), 'id', l.val('key').as('interaction_key')])
            .select((l) => [l.val('blocked').as('state'), l.lit(1).as('holds'), l.lit(0).as('attempt')])
            .where('name', '=', 'working'),
        ),
    );
    const watch = watchReads(service);
    const blocked = await getPage<DeliveryItemDto>(service, '/deliveries?state=blocked');
    watch.end();
    expect(blocked.items.map(({ seq, listener }) => [seq, listener])).toEqual([[5, 'working']]);
    expect(blocked.next).toBeNull();
    expect(watch.reads).toBeLessThan(10);
    await store.query(builder.deleteFrom('deliveries').where('state', '=', 'blocked'));
    expect((await getPage(service, '/deliveries?state=blocked')).items).toEqual([]);
  });
});

describe('a large backlog', () => {
  it('is counted, and what runs of it told by a sample', async () => {
    const { store } = service;
    const { builder } = store;
    const [{ id }] = (await store.query(
      builder.selectFrom('listeners').select('id').where('name', '=', 'working'),
    )) as [{ id: number }];
    for (let first = 10_000; first < 22_000; first += 2_000) {
      const open = Array.from({ length: 2_000 }, (_, i) => ({
        seq: first + i,
        listener_id: id,
        interaction_key: interactionKey('default', String(first + i)),
        ...(i % 4 === 0
          ? { state: 'running' as const, due_at: null, owner: 999_999 }
          : { state: 'pending' as const, due_at: 0, owner: null }),
        holds: 1,
        attempt: 0,
      }));
      await store.query(builder.insertInto('deliveries').values(open));
    }
    const { waiting, running, lagEvents } = (await get(service, '/listeners/working')).json as ListenerDto;
    expect(lagEvents).toBe(12_000);
    expect(Math.abs(running - 3_000)).toBeLessThan(300);
    expect(waiting + running).toBe(lagEvents);
  });
});

/** As retention leaves a log: the old part of it is sparse. */
describe('a log with gaps', () => {
  beforeAll(async () => {
    const { store } = service;
    await store.query(
      store.builder
        .deleteFrom('events')
        .where('seq', '>', 1_000)
        .where('seq', '<=', 59_000)
        // Every hundredth second stays.
        .where((eb) => eb(eb('received_at', '%', eb.lit(100_000)), '<>', 0)),
    );
  });

  it('is listed without an empty page', async () => {
    const all = await pages('/events?limit=500');
    expect(all.every(({ items }, i) => items.length === 500 || i === all.length - 1)).toBe(true);
    expect(all.flatMap(({ items }) => items).at(-1)?.seq).toBe(1);
  });

  it('is searched in one page, as few events as it has', async () => {
    const all = await pages('/events?text=needle-in-the-haystack');
    expect(all).toHaveLength(1);
    expect(all[0]?.items).toHaveLength(1);
  });

  it('is exported whole', async () => {
    const { text } = await get(service, '/events.ndjson?type=STARTED,FINISHED');
    expect(text.trimEnd().split('\n')).toHaveLength((await getAll(service, '/events', 500)).length);
  });

  it('has about as many events as the overview says', async () => {
    const { total } = ((await get(service, '/overview')).json as OverviewDto).events;
    const exact = (await getAll(service, '/events', 500)).length;
    expect(Math.abs(total - exact) / exact).toBeLessThan(0.15);
  });
});
