import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { bytes, duration, localTime, plural, utcTime } from '../../console/src/format.js';
import { reindent } from '../../console/src/json.js';

describe('JSON set out in lines', () => {
  it('has a line for each member', () => {
    expect(reindent('{"a":[1,{}],"b":{"c":"x, y: {z}"},"d":[]}')).toBe(
      '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": "x, y: {z}"\n  },\n  "d": []\n}',
    );
  });

  it.each([
    ['digits that a number of JavaScript has no room for', '[12345678901234567890, 1.0, 1e400]'],
    ['members of the same name', '{"a":1,"a":2}'],
    ['escapes', String.raw`["\u0041", "\"", "\\", "\/"]`],
    ['text that is no member', '"just text"'],
  ])('keeps %s', (_, text) => {
    expect(reindent(text)?.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  });

  it('is the same JSON, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(reindent(text) ?? '')).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['', '{', 'x', '{"a":1}}'])('is nothing for what is no JSON: %j', (text) => {
    expect(reindent(text)).toBeUndefined();
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [999.9, '999 ms'],
    [4_250, '4.2 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min'],
    [408_000, '6 min 48 s'],
    [7_200_000, '2 h'],
    [7_260_000, '2 h 1 min'],
    [90_061_000, '1 d 1 h'],
  ])('of %d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [734_003_200, '700 MiB'],
  ])('of %d bytes are %s', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it('of one are told from others', () => {
    expect([plural(1, 'event'), plural(0, 'event'), plural(12_345, 'delivery', 'deliveries')]).toEqual([
      '1 event',
      '0 events',
      '12,345 deliveries',
    ]);
  });
});

describe('a time', () => {
  const at = new Date(2026, 5, 13, 3, 4, 5, 678);

  it('of today has no day', () => {
    expect(localTime(at.toISOString(), new Date(2026, 5, 13, 23))).toBe('03:04:05');
    expect(localTime(at.toISOString(), new Date(2026, 5, 14, 1))).toBe('2026-06-13 03:04:05');
  });

  it('is exact in UTC', () => {
    expect(utcTime('2026-06-13T22:04:05.678Z')).toBe('2026-06-13 22:04:05.678 UTC');
  });
});
