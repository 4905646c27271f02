import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Clock } from '../../src/events/clock.js';
import type { StatsDto } from '../../src/operations/stats/stats.dto.js';
import { expectRefusal } from '../support/answers.js';
import { payload, type TestService } from '../support/service.js';
import { get, startOperated, watchReads } from './reads-client.js';
import { fillLog } from './reads-log.js';

const MINUTE = 60_000;
const NOW = Date.parse('2026-06-13T12:00:30Z');
/** More than one question counts at a time. */
const EVENTS = 60_000;
const PER_MINUTE = 500;

let service: TestService;
let now = NOW;
beforeAll(async () => {
  service = await startOperated({ INTERACTIONS: 'off', UNKNOWN_VALUES: 'accept' });
  service.get(Clock).now = () => now;
  // 120 minutes of events, the last of them in the minute before this one.
  await fillLog(service, EVENTS, (i) => NOW - 30_000 - Math.ceil(((EVENTS - i) * MINUTE) / PER_MINUTE));
});
afterAll(() => service.stop());

const stats = async (minutes: number): Promise<StatsDto['minutes']> =>
  ((await get(service, `/stats?minutes=${minutes}`)).json as StatsDto).minutes;
const totalOf = (minutes: StatsDto['minutes']): number => minutes.reduce((sum, { total }) => sum + total, 0);

describe('events by minute', () => {
  it('are counted by type and media type, the current minute last', async () => {
    const minutes = await stats(3);
    expect(minutes).toEqual([
      {
        at: '2026-06-13T11:58:00.000Z',
        total: PER_MINUTE,
        byType: { STARTED: 250, FINISHED: 250 },
        byMediaType: { email: 125, chat: 375 },
      },
      expect.objectContaining({ at: '2026-06-13T11:59:00.000Z', total: PER_MINUTE }),
      { at: '2026-06-13T12:00:00.000Z', total: 0, byType: {}, byMediaType: {} },
    ]);
  });

  it('are counted further back when somebody asks for more', async () => {
    expect(totalOf(await stats(61))).toBe(60 * PER_MINUTE);
    const day = await stats(1_440);
    expect([day.length, totalOf(day)]).toEqual([1_440, EVENTS]);
    expect(totalOf(await stats(11))).toBe(10 * PER_MINUTE);
  });

  it('have what was received meanwhile, at once', async () => {
    await service.post(payload('STARTED'));
    expect((await stats(1))[0]).toMatchObject({ total: 1, byType: { STARTED: 1 } });
    await service.post({ data: { entities: [{}, { event: '__proto__' }, { event: 'STARTED' }] } });
    expect((await stats(1))[0]).toMatchObject({ total: 4, byMediaType: { chat: 1, none: 3 } });
    expect(JSON.stringify((await stats(1))[0]?.byType)).toBe('{"STARTED":2,"none":1,"__proto__":1}');
  });

  it('tell no more than 50 types apart', async () => {
    now += 5 * MINUTE;
    const entities = Array.from({ length: 80 }, (_, i) => ({ event: `TYPE-${i}` }));
    await service.post({ data: { entities } });
    const [minute] = await stats(1);
    expect(minute?.total).toBe(80);
    expect(Object.keys(minute?.byType ?? {}).length).toBeLessThanOrEqual(51);
    expect(minute?.byType['other']).toBeGreaterThanOrEqual(30);
  });

  it('are not read again: an answer looks at new events alone', async () => {
    await stats(1_440);
    const watch = watchReads(service);
    await service.post(payload());
    expect((await stats(1_440)).at(-1)?.total).toBe(81);
    watch.end();
    // Of 60,085 events in 120 minutes.
    expect(watch.rows).toBeLessThan(20);
  });

  it.each(['minutes=0', 'minutes=1441', 'minutes=all', 'hours=1'])('%s is no question', async (query) => {
    expectRefusal(await get(service, `/stats?${query}`), 400);
  });
});
