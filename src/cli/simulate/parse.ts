import { InvalidArgumentError } from 'commander';

import { DAY_MS } from './day.js';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };
const LONGEST_MS = 366 * DAY_MS;

/**
 * A length of time: `90s`, `10m`, `8h`, `2d`.
 *
 * @returns milliseconds.
 */
export function timeSpan(text: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? NaN);
  if (!(ms > 0 && ms <= LONGEST_MS)) {
    throw new InvalidArgumentError('It must be a time such as 90s, 10m, 8h or 2d, a year at the most.');
  }
  return ms;
}

/**
 * A time of the day: `09:30`.
 *
 * @returns milliseconds since midnight.
 */
export function timeOfDay(text: string): number {
  const [, hours = '', minutes = ''] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (minutes === '') throw new InvalidArgumentError('It must be a time of the day such as 09:30.');
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** A number, with or without a decimal point, in a range. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A whole number in a range. */
export function wholeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/**
 * Part of a hundred: `2`, `0.5`, also with a `%`.
 *
 * @returns a probability.
 */
export function percent(text: string): number {
  return between(0, 100)(text.replace(/%$/, '')) / 100;
}
