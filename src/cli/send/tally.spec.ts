import { describe, expect, it } from '@jest/globals';

import { percentile, Tally } from './tally.js';

const hundred = Array.from({ length: 100 }, (_, i) => i + 1);

describe('percentile', () => {
  it.each([
    [hundred, 50, 50],
    [hundred, 95, 95],
    [hundred, 99, 99],
    [hundred, 100, 100],
    [[1, 2, 3], 50, 2],
    [[1, 2, 3], 99, 3],
    [[7], 50, 7],
    [[7], 0, 7],
    [[], 50, NaN],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });
});

describe('a tally', () => {
  const answer = (status: number, ms: number) => ({ status, reason: '', body: '', ms });
  const lost = { code: 'ECONNRESET', message: '' };

  it('sorts times by size, counts answers alone in the rate, and keeps what was lost apart', () => {
    const tally = new Tally(5);
    for (const outcome of [answer(200, 100), answer(200, 9), answer(503, 20.004), lost]) tally.add(outcome);
    expect(tally.summary(2, true)).toEqual({
      sent: 4,
      planned: 5,
      statuses: { '200': 2, '503': 1 },
      unanswered: { ECONNRESET: 1 },
      ms: { p50: 20, p95: 100, p99: 100 },
      seconds: 2,
      perSecond: 2,
      interrupted: true,
    });
  });

  it('has no times where nothing was answered', () => {
    const tally = new Tally(1);
    tally.add(lost);
    expect(tally.summary(1, false)).not.toHaveProperty('ms');
  });

  it.each([
    ['all were answered 200', [200, 200], true],
    ['one was answered otherwise', [200, 503], false],
    ['one was not sent', [200], false],
  ])('is a success only when all were stored: %s', (_case, statuses, expected) => {
    const tally = new Tally(2);
    for (const status of statuses) tally.add(answer(status, 1));
    expect(tally.allStored).toBe(expected);
  });
});
