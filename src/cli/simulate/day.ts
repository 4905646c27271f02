/** The traffic of each hour as part of that of the busiest: a contact centre of one region, on a working day. */
const HOURS = [
  0.06, 0.04, 0.03, 0.03, 0.04, 0.07, 0.16, 0.36, 0.66, 0.9, 1, 0.97, 0.82, 0.84, 0.95, 0.93, 0.82, 0.66, 0.5,
  0.4, 0.32, 0.25, 0.17, 0.1,
];
const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/**
 * How much of the busiest traffic there is at a time of the day, from 0 to 1; between two hours it changes
 * steadily.
 *
 * @param timeMs milliseconds since midnight, of this day or a later one.
 */
export function trafficAt(timeMs: number): number {
  const hour = Math.floor(timeMs / HOUR_MS);
  const passed = timeMs / HOUR_MS - hour;
  const [now = 0, next = 0] = [HOURS[hour % 24], HOURS[(hour + 1) % 24]];
  return now + (next - now) * passed;
}

/** A time of the day as a clock shows it. */
export function clockTime(timeMs: number): string {
  return new Date(timeMs % DAY_MS).toISOString().slice(11, 19);
}
