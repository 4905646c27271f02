import { localTime, utcTime } from '../format.js';

/** A time in the reader's zone; pointing at it tells the exact one. */
export function Time({ at }: { at: string | null }) {
  if (at === null) return <span class="muted none">–</span>;
  return (
    <time class="time" dateTime={at} title={utcTime(at)}>
      {localTime(at)}
    </time>
  );
}
