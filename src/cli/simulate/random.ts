/**
 * Random numbers that a seed determines: `sfc32`, whose 128 bits of state keep the streams of two seeds apart.
 *
 * @see https://pracrand.sourceforge.net (sfc32)
 */
export class Random {
  private a = 0x9e3779b9;
  private b = 0x243f6a88;
  private c = 0xb7e15162;
  private counter: number;

  /** @param seed a whole number. */
  constructor(seed: number) {
    this.a ^= Math.floor(seed / 2 ** 32);
    this.b ^= seed | 0;
    this.counter = 1;
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** 32 random bits, as a whole number from 0 on. */
  bits(): number {
    const sum = (this.a + this.b + this.counter++) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 to just below 1. */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** The wait for the next of events that happen by themselves, `mean` apart on average. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /**
   * Most are near the median, some are many times as long: how durations of calls and chats are distributed.
   *
   * @param sigma spread: two thirds lie between median / e^sigma and median × e^sigma.
   */
  logNormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }

  /** One of the keys, as often as its weight says. */
  pick<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }

  /** One of some values, each as often as the others. */
  among<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.next() * values.length)] ?? values[0];
  }

  /** `digits` hexadecimal digits, 32 at the most. */
  hex(digits: number): string {
    return Array.from({ length: 4 }, () => this.bits().toString(16).padStart(8, '0'))
      .join('')
      .slice(0, digits);
  }

  /** An id as the vendor makes them: a UUID of version 4. */
  uuid(): string {
    const hex = this.hex(32);
    const variant = '89ab'.charAt(this.bits() & 3);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
