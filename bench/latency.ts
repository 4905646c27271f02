/**
 * `npm run bench:latency`: the time from the 200 to the listener's start, at half of the load that the service
 * can take. See docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { CONTESTANTS, RunningContestant, SECRET } from './contestant.js';
import type { LoadResult } from './load.js';
import { faults, median } from './report.js';
import { awaitDelivery, runLoad, runRound, type Delivery, type Loading } from './round.js';

/** More than the service answers in a second, so that prepared requests do not run out. */
const REQUESTS_PER_SECOND = 50_000;
/** So that a burst finds a connection that is free. */
const CONNECTIONS = 256;

export interface LatencyRound {
  /** Requests per second that the service took in a closed loop, and that it was then sent. */
  readonly fullPerSecond: number;
  readonly halfPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** Events that these are the times of. */
  readonly events: number;
  readonly found: readonly string[];
}

/** First a closed loop, which tells what half load is; then that, at random times, to a fresh process. */
export async function measureLatency(
  loading: Omit<Loading, 'requests'>,
  folder: string,
): Promise<LatencyRound> {
  const { warmUpMs, measureMs } = loading;
  const totalSeconds = (warmUpMs + measureMs) / 1_000;
  const { service, timed } = CONTESTANTS;
  const full = await runRound(
    service,
    { ...loading, requests: Math.ceil(totalSeconds * REQUESTS_PER_SECOND) },
    folder,
  );
  const half = await timeDeliveries(folder, {
    connections: CONNECTIONS,
    warmUpMs,
    measureMs,
    perSecond: full.perSecond / 2,
    // What arrives at random is now and then more than expected.
    requests: Math.ceil(totalSeconds * full.perSecond),
  });
  const sorted = half.delays.toSorted((a, b) => a - b);
  const percentile = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? NaN;
  return {
    fullPerSecond: full.perSecond,
    halfPerSecond: half.result.measured / (half.result.elapsedMs / 1_000),
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    mostMs: sorted.at(-1) ?? NaN,
    events: sorted.length,
    found: [
      ...faults(service.name, full),
      ...faults(timed.name, { ...half.result, delivery: half.delivery }),
    ],
  };
}

interface Timed {
  readonly result: LoadResult;
  readonly delivery: Pick<Delivery, 'handed'>;
  readonly delays: readonly number[];
}

async function timeDeliveries(folder: string, loading: Loading): Promise<Timed> {
  const dataDir = mkdtempSync(join(folder, 'data-'));
  const { timed } = CONTESTANTS;
  const running = await RunningContestant.start(timed, dataDir);
  try {
    let asked: Promise<unknown> = Promise.resolve();
    const ask = (question: string): void => void (asked = asked.then(() => running.ask(question)));
    const options = { ...loading, scheme: timed.scheme, port: running.port, secret: SECRET };
    const result = await runLoad(options, (message) => {
      if (message === 'clock started') ask('start measuring');
      if (message === 'clock stopped') ask('stop measuring');
    });
    await asked;
    const atEnd = {
      answeredAt: performance.now(),
      handed: await running.handed(),
      seenAt: performance.now(),
    };
    const delivery = await awaitDelivery(running, result.acknowledged, atEnd);
    return { result, delivery, delays: (await running.ask('how long?')) as number[] };
  } finally {
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The medians of some rounds, as one line. */
export function describeLatency(rounds: readonly LatencyRound[]): string {
  const of = (value: (round: LatencyRound) => number, digits: number): string =>
    median(rounds.map(value).sort((a, b) => a - b)).toFixed(digits);
  return [
    `${of((r) => r.halfPerSecond, 0)} requests/s at random, half of ${of((r) => r.fullPerSecond, 0)} in a closed loop;`,
    `from the 200 to the listener's start p50 ${of((r) => r.p50Ms, 2)} ms, p99 ${of((r) => r.p99Ms, 2)} ms,`,
    `at most ${of((r) => r.mostMs, 1)} ms, over ${of((r) => r.events, 0)} events`,
  ].join(' ');
}
