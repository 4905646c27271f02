/** The numbers of all rounds as one table in Markdown. */
import type { LoadResult } from './load.js';
import type { Delivery, Round } from './round.js';

/** One line of the table: a value for each round that has one. */
interface Metric {
  readonly title: string;
  readonly digits: number;
  readonly value: (round: Round, baseline: Round) => number | undefined;
}

const MIB = 1024 * 1024;

const METRICS: readonly Metric[] = [
  { title: 'requests/s', digits: 0, value: (r) => r.perSecond },
  { title: '… as part of the baseline', digits: 2, value: (r, b) => r.perSecond / b.perSecond },
  { title: 'CPU per request, µs', digits: 1, value: (r) => r.cpuMicros },
  { title: '… as multiple of the baseline', digits: 2, value: (r, b) => r.cpuMicros / b.cpuMicros },
  { title: 'latency p50, ms', digits: 2, value: (r) => r.p50Ms },
  { title: 'latency p99, ms', digits: 2, value: (r) => r.p99Ms },
  { title: 'RSS after the run, MiB', digits: 0, value: (r) => r.rssMiB },
  { title: 'start to ready, ms', digits: 0, value: (r) => r.readyMs },
  { title: 'its core busy, %', digits: 0, value: (r) => r.coreBusy * 100 },
  { title: 'load generator busy, %', digits: 0, value: (r) => r.busy * 100 },
  { title: 'answers other than 200', digits: 0, value: (r) => r.failures },
  { title: 'events acknowledged', digits: 0, value: (r) => r.delivery && r.acknowledged },
  {
    title: '… not yet handed over at the last answer',
    digits: 0,
    value: (r) => r.delivery && r.acknowledged - r.delivery.handedAtEnd,
  },
  {
    title: '… not handed over in the end',
    digits: 0,
    value: (r) => r.delivery && r.acknowledged - r.delivery.handed,
  },
  { title: 'last answer to last hand-over, ms', digits: 0, value: (r) => r.delivery?.lagMs },
  { title: 'store on disk, MiB', digits: 1, value: (r) => r.delivery && r.delivery.storedBytes / MIB },
  {
    title: 'store on disk, bytes per event',
    digits: 0,
    value: (r) => r.delivery && r.delivery.storedBytes / r.acknowledged,
  },
];

/**
 * @param rounds by contestant; the n-th rounds of all contestants ran one after the other, and are what
 * ratios compare.
 */
export function table(rounds: ReadonlyMap<string, readonly Round[]>, baseline: readonly Round[]): string {
  const rows = METRICS.map(({ title, digits, value }) => [
    title,
    ...[...rounds.values()].map((of) => {
      const values = of.map((round, i) => value(round, baseline[i] ?? round)).filter((v) => v !== undefined);
      return summary(values, digits);
    }),
  ]);
  const header = [`median (min–max) of ${baseline.length}`, ...rounds.keys()];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(['---', ...header.slice(1).map(() => '---:')]), ...rows.map(line)].join('\n');
}

function summary(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, greatest] = [sorted[0], sorted.at(-1)];
  if (least === undefined || greatest === undefined || sorted.some(Number.isNaN)) return '–';
  const format = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const middle = format(median(sorted));
  return least === greatest ? middle : `${middle} (${format(least)}–${format(greatest)})`;
}

/** The middle of sorted values. */
export function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? NaN)) / 2;
}

/** What a run must not have shown: one sentence each. */
export function faults(
  name: string,
  {
    failures,
    acknowledged,
    measured,
    delivery,
  }: LoadResult & { readonly delivery: Pick<Delivery, 'handed'> | undefined },
): string[] {
  const found: string[] = [];
  if (failures > 0) found.push(`${name}: ${failures} requests were not answered 200.`);
  if (measured === 0) found.push(`${name}: nothing was answered while the clock ran.`);
  if (delivery !== undefined && delivery.handed !== acknowledged) {
    found.push(
      `${name}: ${acknowledged} events acknowledged, but ${delivery.handed} handed to the listener.`,
    );
  }
  return found;
}
