import { describe, expect, it } from '@jest/globals';

import { time } from './filter.js';

describe('a time of the command line', () => {
  it.each([
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23T01:20', '2026-11-23T01:20:00.000Z'],
    ['2026-11-23T01:20:16', '2026-11-23T01:20:16.000Z'],
    ['2026-11-23 01:20:16.5', '2026-11-23T01:20:16.500Z'],
    ['2026-11-23T01:20:16Z', '2026-11-23T01:20:16.000Z'],
    ['2026-11-23t01:20:16z', '2026-11-23T01:20:16.000Z'],
    ['2026-11-23T01:20:16+02:00', '2026-11-22T23:20:16.000Z'],
    ['999999999d', '1970-01-01T00:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(time(text)).toBe(expected);
  });

  it.each(['2026-02-30', '2027-02-29T10:00:00Z', '2026-04-31T10:00'])(
    '%s is refused: no such day',
    (text) => {
      expect(() => time(text)).toThrow(/^There is no 202/);
    },
  );

  it.each(['2026-13-01', '2026-11-23T25:00', '2026-11-23T10', '2026-11-23 soon', 'now', '5 May 2026', ''])(
    '%j is refused',
    (text) => {
      expect(() => time(text)).toThrow('It must be a time such as 2026-06-13T22:00:00Z');
    },
  );
});
