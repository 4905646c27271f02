import { describe, expect, it } from '@jest/globals';

import { FailureLimiter } from './failure-limiter.js';

const failTimes = (limiter: FailureLimiter, address: string, times: number, now = 0): void => {
  for (let i = 0; i < times; i++) limiter.fail(address, now);
};

describe('a limiter of failures', () => {
  it('lets an address wait from its tenth failure on, until a minute after the first', () => {
    const limiter = new FailureLimiter();
    failTimes(limiter, '192.0.2.1', 9, 1_000);
    expect(limiter.waitSeconds('192.0.2.1', 2_000)).toBe(0);
    limiter.fail('192.0.2.1', 2_000);
    expect(limiter.waitSeconds('192.0.2.1', 2_000)).toBe(59);
    expect(limiter.waitSeconds('192.0.2.1', 60_999)).toBe(1);
    expect(limiter.waitSeconds('192.0.2.1', 61_000)).toBe(0);
    limiter.fail('192.0.2.1', 61_000);
    expect(limiter.waitSeconds('192.0.2.1', 61_000)).toBe(0);
  });

  it.each([
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['::ffff:192.0.2.1', '::FFFF:192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['2001:db8::1', '2001:db8:0:0:ffff::2', true],
    ['2001:db8::1', '2001:DB8:0000:0000:1:2:3:4', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['2001:db8::1', '2001:db8:1::1', false],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
    ['::1', '::2', true],
    ['::1', '1::', false],
  ])('takes %s and %s for the same host: %s', (one, other, same) => {
    const limiter = new FailureLimiter();
    failTimes(limiter, one, 10);
    expect(limiter.waitSeconds(other, 0) > 0).toBe(same);
  });

  it('remembers a bounded number of addresses, and forgets the one that failed first', () => {
    const limiter = new FailureLimiter();
    failTimes(limiter, 'first', 10);
    failTimes(limiter, 'second', 10);
    for (let i = 0; i < 9_999; i++) limiter.fail(`address-${i}`, 0);
    expect(limiter.waitSeconds('first', 0)).toBe(0);
    expect(limiter.waitSeconds('second', 0)).toBe(60);
  });
});
