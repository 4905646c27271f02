import { describe, expect, it } from '@jest/globals';

import { Random } from './random.js';

const MANY = 20_000;
const drawn = <T>(draw: (random: Random) => T, count = MANY, seed = 1): T[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => draw(random));
};
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('random numbers', () => {
  it('are the same for the same seed', () => {
    expect(drawn((random) => random.bits(), 100, 7)).toEqual(drawn((random) => random.bits(), 100, 7));
  });

  it('are others for any other seed', () => {
    const seeds = [0, 1, 2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    const numbers = seeds.flatMap((seed) => drawn((random) => random.bits(), 1_000, seed));
    // A few of 8,000 in 2^32 may be equal by chance.
    expect(new Set(numbers).size).toBeGreaterThan(numbers.length - 5);
  });

  it('are spread evenly from 0 to below 1', () => {
    const values = drawn((random) => random.next());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = values.filter((value) => Math.floor(value * 10) === tenth).length / MANY;
      expect(share).toBeCloseTo(0.1, 1);
    }
    expect(mean(values)).toBeCloseTo(0.5, 1);
  });

  it('have the wanted mean when they are waits', () => {
    expect(mean(drawn((random) => random.exponential(100))) / 100).toBeCloseTo(1, 1);
  });

  it('have the wanted median and spread when they are durations', () => {
    const sorted = drawn((random) => random.logNormal(60, 0.8)).sort((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor(part * MANY)] ?? NaN;
    expect(at(0.5) / 60).toBeCloseTo(1, 1);
    // One standard deviation above the median.
    expect(at(0.841) / (60 * Math.exp(0.8))).toBeCloseTo(1, 1);
  });

  it('pick by weight, and never what has none', () => {
    const picks = drawn((random) => random.pick({ often: 3, seldom: 1, never: 0 }));
    expect(picks.filter((pick) => pick === 'often').length / MANY).toBeCloseTo(0.75, 1);
    expect(picks).not.toContain('never');
  });

  it('make UUIDs, each only once', () => {
    const ids = drawn((random) => random.uuid());
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(ids).size).toBe(MANY);
  });
});
