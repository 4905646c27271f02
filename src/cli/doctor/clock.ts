import { duration } from '../terminal/duration.js';
import { codeOf, fault, ok, skipped, warning, type Check } from './check.js';
import { probe } from './http-probe.js';

const NAME = 'clock';
/** A Date header has whole seconds; how long it took to get here comes on top. */
const TOLERANCE_MS = 3_000;
const FAULT_MS = 60_000;

/** Compares the clock of this machine with that of a server. */
export async function checkClock(url: URL | undefined): Promise<Check> {
  if (url === undefined) return skipped(NAME, 'Not compared with another: name one with --clock URL.');
  const before = Date.now();
  try {
    const { headers, ms } = await probe(url, { method: 'HEAD' });
    const theirs = Date.parse(headers.date ?? '');
    if (Number.isNaN(theirs)) {
      return warning(
        NAME,
        `${url.origin} tells no time: its answer has no Date header.`,
        'Name another with --clock URL.',
      );
    }
    // As if it had told the time midway, and the middle of its second.
    return compare((before + Date.now()) / 2 - (theirs + 500), TOLERANCE_MS + ms / 2, url);
  } catch (error) {
    return warning(
      NAME,
      `${url.origin} cannot be asked for the time (${codeOf(error)}).`,
      'Name another with --clock URL.',
    );
  }
}

function compare(ahead: number, tolerance: number, { origin }: URL): Check {
  const off = Math.abs(ahead);
  if (off <= tolerance) return ok(NAME, `Agrees with that of ${origin}.`);
  const told = `Is ${duration(off)} ${ahead > 0 ? 'ahead of' : 'behind'} that of ${origin}.`;
  const todo = 'Have it set by NTP: times of events, retries and sessions are taken from it.';
  return off < FAULT_MS ? warning(NAME, told, todo) : fault(NAME, told, todo);
}
