import { describe, expect, it } from '@jest/globals';

import type { VendorEvent } from './interactions.js';
import { Traffic, type PlannedRequest, type TrafficOptions } from './traffic.js';

const HOUR_MS = 3_600_000;
/** Nothing goes wrong, and it is always the busiest hour. */
const CALM: TrafficOptions = {
  seed: 1,
  channels: ['default'],
  perSecond: 1,
  startMs: 10 * HOUR_MS,
  durationMs: Infinity,
  count: 1_000,
  burstsPerHour: 0,
  batches: 0,
  duplicates: 0,
  reordered: 0,
  forged: 0,
};

const plan = (options: Partial<TrafficOptions> = {}): PlannedRequest[] => [
  ...new Traffic({ ...CALM, ...options }),
];
const of = (kind: PlannedRequest['kind'], requests: readonly PlannedRequest[]): PlannedRequest[] =>
  requests.filter((request) => request.kind === kind);
/** When each interaction's events are sent: the last time counts. */
const timesOf = (requests: readonly PlannedRequest[], type: VendorEvent['event']): Map<string, number> =>
  new Map(
    requests.flatMap(({ atMs, events }) =>
      events.filter(({ event }) => event === type).map(({ id }): [string, number] => [id, atMs]),
    ),
  );

describe('the traffic', () => {
  const wild = { burstsPerHour: 5, batches: 0.2, duplicates: 0.2, reordered: 0.2, forged: 0.2 };

  it('is the same to the byte for the same seed, and another for another one', () => {
    expect(plan({ ...wild, seed: 7 })).toEqual(plan({ ...wild, seed: 7 }));
    const ids = (seed: number): string[] => plan({ ...wild, seed }).map(({ operationId }) => operationId);
    expect(new Set([...ids(7), ...ids(8)]).size).toBe(new Set(ids(7)).size + new Set(ids(8)).size);
  });

  it('comes in the order of time', () => {
    const times = plan(wild).map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('starts and finishes each interaction once, the one before the other', () => {
    const requests = plan();
    expect(requests).toHaveLength(2_000);
    const [started, finished] = [timesOf(requests, 'STARTED'), timesOf(requests, 'FINISHED')];
    expect([started.size, finished.size]).toEqual([1_000, 1_000]);
    for (const [id, at] of started) expect(at).toBeLessThan(finished.get(id) ?? NaN);
  });

  it('has bodies as the vendor writes them, which say what the events say', () => {
    for (const { body, operationId, events } of plan({ ...wild, count: 50 })) {
      expect(JSON.parse(body.toString())).toEqual({
        operationId,
        data: {
          entities: events.map(({ event, ...entity }) => ({
            event,
            entity: JSON.parse(JSON.stringify(entity)) as object,
          })),
        },
      });
    }
  });

  it('has every media type and subtype, and an address for chats alone', () => {
    const events = plan().flatMap((request) => request.events);
    const kinds = new Set(
      events.map(({ mediaType, interactionSubtype }) => `${mediaType} ${interactionSubtype}`),
    );
    expect(kinds.size).toBe(10);
    for (const { id, mediaType, selfUri } of events) {
      expect(selfUri?.endsWith(`/${id}`)).toBe(mediaType === 'chat' ? true : undefined);
    }
  });

  it('arrives at the rate that is wanted, and follows the day', () => {
    const arrivals = (startMs: number): number =>
      timesOf(plan({ startMs, durationMs: HOUR_MS, count: Infinity }), 'STARTED').size;
    expect(arrivals(10 * HOUR_MS) / 3_600).toBeCloseTo(0.985, 1);
    expect(arrivals(3 * HOUR_MS) / 3_600).toBeCloseTo(0.035, 2);
    // The second night is like the first.
    expect(arrivals(27 * HOUR_MS) / 3_600).toBeCloseTo(0.035, 2);
  });

  it('ends after the time that it is given, though interactions are open', () => {
    const traffic = new Traffic({ ...CALM, durationMs: 600_000, count: Infinity, batches: 1 });
    const requests = [...traffic];
    expect(Math.max(...requests.map(({ atMs }) => atMs))).toBeLessThanOrEqual(600_000);
    const [started, finished] = [timesOf(requests, 'STARTED'), timesOf(requests, 'FINISHED')];
    expect(finished.size).toBeGreaterThan(0);
    expect(finished.size).toBeLessThan(started.size);
    // Those that waited for others are not left behind.
    expect(requests.at(-1)?.atMs).toBe(600_000);
    expect(finished.size).toBe(traffic.finished);
  });

  it('uses every channel, and one interaction keeps to its own', () => {
    const channelOf = new Map<string, Set<string>>();
    for (const { channel, events } of plan({ channels: ['default', 'emea', 'apac'], batches: 0.2 })) {
      for (const { id } of events) channelOf.set(id, (channelOf.get(id) ?? new Set()).add(channel));
    }
    const used = [...channelOf.values()].map((channels) => [...channels]);
    expect(used.every(({ length }) => length === 1)).toBe(true);
    expect(new Set(used.flat())).toEqual(new Set(['default', 'emea', 'apac']));
  });
});

describe('what goes wrong in the traffic', () => {
  it('is nothing unless it is asked for', () => {
    const requests = plan();
    expect(of('new', requests)).toHaveLength(requests.length);
    expect(requests.every(({ events }) => events.length === 1)).toBe(true);
  });

  it('is that requests carry several events, and none is left out', () => {
    const requests = plan({ batches: 0.3 });
    const several = requests.filter(({ events }) => events.length > 1);
    expect(several.length / requests.length).toBeCloseTo(0.3, 1);
    const keys = requests.flatMap(({ events }) => events.map(({ id, event }) => `${id} ${event}`));
    expect([keys.length, new Set(keys).size]).toEqual([2_000, 2_000]);
  });

  it('is that a request comes again: the same bytes on the same channel, later', () => {
    const requests = plan({ duplicates: 0.25, channels: ['default', 'emea'] });
    const duplicates = of('duplicate', requests);
    expect(duplicates.length / of('new', requests).length).toBeCloseTo(0.25, 1);
    const originals = new Map(of('new', requests).map((request) => [request.operationId, request]));
    for (const { operationId, body, channel, atMs, traceId } of duplicates) {
      const original = originals.get(operationId);
      expect([body, channel]).toEqual([original?.body, original?.channel]);
      expect(atMs).toBeGreaterThan(original?.atMs ?? NaN);
      expect(traceId).not.toBe(original?.traceId);
    }
  });

  it('is that FINISHED comes before STARTED', () => {
    const traffic = new Traffic({ ...CALM, reordered: 0.3 });
    const requests = [...traffic];
    const [started, finished] = [timesOf(requests, 'STARTED'), timesOf(requests, 'FINISHED')];
    const late = [...started].filter(([id, at]) => at > (finished.get(id) ?? NaN));
    expect(late.length / started.size).toBeCloseTo(0.3, 1);
    expect(traffic.reordered).toBe(late.length);
  });

  it('is that somebody makes up events, which are of interactions that there are not', () => {
    const requests = plan({ forged: 0.5 });
    const forged = of('forged', requests);
    expect(forged.length / of('new', requests).length).toBeCloseTo(0.5, 1);
    const real = new Set(of('new', requests).flatMap(({ events }) => events.map(({ id }) => id)));
    expect(forged.flatMap(({ events }) => events).some(({ id }) => real.has(id))).toBe(false);
  });

  it('is that many interactions start at once', () => {
    const busiest = (burstsPerHour: number): number => {
      const starts = [...timesOf(plan({ burstsPerHour, perSecond: 2, count: 5_000 }), 'STARTED').values()];
      const seconds = new Map<number, number>();
      for (const at of starts)
        seconds.set(Math.floor(at / 1_000), (seconds.get(Math.floor(at / 1_000)) ?? 0) + 1);
      return Math.max(...seconds.values());
    };
    expect(busiest(0)).toBeLessThan(15);
    expect(busiest(20)).toBeGreaterThan(20);
  });
});
