import { expect, it } from '@jest/globals';

import { duration } from './duration.js';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [1_540, '1.5 s'],
  [59_999, '60 s'],
  [60_000, '1 min'],
  [83_000, '1 min 23 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms are %s', (ms, expected) => {
  expect(duration(ms)).toBe(expected);
});
