import { isIPv6 } from 'node:net';

/** Failures that an address may have within a window. */
const FAILURE_LIMIT = 10;
const WINDOW_MS = 60_000;
/** Addresses that are remembered: whoever has more of them than that is not kept out by their number. */
const ADDRESS_LIMIT = 10_000;

interface Failures {
  count: number;
  readonly until: number;
}

/**
 * Counts wrong tokens by address. Its memory is bounded: the address that failed first is forgotten first.
 *
 * IPv6 is counted by /64: that is what one host is commonly given.
 */
export class FailureLimiter {
  private readonly failures = new Map<string, Failures>();

  /** Seconds that an address has to wait; 0: it may try. */
  waitSeconds(address: string, now: number): number {
    const key = keyOf(address);
    const failures = this.failures.get(key);
    if (failures === undefined) return 0;
    if (failures.until <= now) {
      this.failures.delete(key);
      return 0;
    }
    return failures.count < FAILURE_LIMIT ? 0 : Math.ceil((failures.until - now) / 1_000);
  }

  /** Counts a failure. */
  fail(address: string, now: number): void {
    const key = keyOf(address);
    const failures = this.failures.get(key);
    if (failures !== undefined && failures.until > now) {
      failures.count++;
      return;
    }
    // Entered anew, so that it is at the end of the map's order.
    this.failures.delete(key);
    this.failures.set(key, { count: 1, until: now + WINDOW_MS });
    if (this.failures.size > ADDRESS_LIMIT) {
      const [oldest] = this.failures.keys();
      if (oldest !== undefined) this.failures.delete(oldest);
    }
  }
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** The first four groups of an address in its usual form, as `URL` writes it. */
function keyOf(address: string): string {
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: gap }, () => '0'), ...after];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
