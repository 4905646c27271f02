const NUMBER = new Intl.NumberFormat('en');

/** 12345 → 12,345 */
export const count = (value: number): string => NUMBER.format(value);

/** 1 event, 2 events */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds, in the two largest units that say something. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.floor(ms)} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / 100) / 10} s`;
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ];
  const first = units.findIndex(([size]) => ms >= size);
  let rest = ms;
  const parts: string[] = [];
  for (const [size, unit] of units.slice(first, first + 2)) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole} ${unit}`);
  }
  return parts.join(' ');
}

/** Seconds, as {@link duration} has them. */
export const seconds = (value: number): string => (value === 0 ? '0 s' : duration(value * SECOND));

/** 1536 → 1.5 KiB */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1).replace(/\.0$/, '')} ${units[power]}`;
}

/** A share of one, in percent. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const two = (value: number): string => String(value).padStart(2, '0');

/** A day in the reader's zone: 2026-06-14. */
const day = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** A time of day in the reader's zone: 00:03:21. */
export const clock = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** A time in the reader's zone; without the day when it is today. Written alike wherever the reader is. */
export function localTime(iso: string, now = new Date()): string {
  const date = new Date(iso);
  return day(date) === day(now) ? clock(date) : `${day(date)} ${clock(date)}`;
}

/** The exact time: 2026-06-13 22:00:00.123 UTC. */
export const utcTime = (iso: string): string =>
  `${new Date(iso).toISOString().replace('T', ' ').slice(0, -1)} UTC`;

/** The first line of a text. */
export const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** The name of the reader's time zone. */
export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
