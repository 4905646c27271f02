import { describe, expect, it } from '@jest/globals';

import { retryAfterSeconds } from './retry-after.js';

const NOW = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');

describe('Retry-After', () => {
  it.each<[unknown, number | undefined]>([
    ['0', 0],
    ['120', 120],
    ['Wed, 21 Oct 2015 07:30:00 GMT', 120],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['Wed, 21 Oct 2015 07:00:00 GMT', 0],
    ['Wednesday, 21-Oct-15 07:28:30 GMT', 30],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2015', 2015],
    ['Mon, nonsense', undefined],
    ['', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
  ])('of %j is %j seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, NOW)).toBe(seconds);
  });
});
