/** One round: a fresh process on fresh data, loaded for a while, and looked at from outside. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CORES, RunningContestant, SECRET, spawnNode, type Contestant } from './contestant.js';
import type { LoadOptions, LoadProgress, LoadResult } from './load.js';

/** How a contestant is loaded. */
export type Loading = Omit<LoadOptions, 'port' | 'secret' | 'scheme'>;

export interface Round extends LoadResult {
  readonly perSecond: number;
  /** CPU time while the clock ran, as part of one core. */
  readonly coreBusy: number;
  /** CPU time from the start of the clock until every event was handed over, by measured request. */
  readonly cpuMicros: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly readyMs: number;
  readonly delivery: Delivery | undefined;
}

/** What became of the events of a contestant that is durable. */
export interface Delivery {
  /** Handed to the listener when the last request had been answered, and in the end. */
  readonly handedAtEnd: number;
  readonly handed: number;
  /** From the last answer until the listener had been handed everything. */
  readonly lagMs: number;
  /** Size of the data folder after the stop. */
  readonly storedBytes: number;
}

/** How long a listener may be handed nothing before the events that it lacks count as lost. */
const STALL_LIMIT_MS = 10_000;

/**
 * @param folder where the data folder of the round is made; the caller removes what a failure leaves there.
 */
export async function runRound(contestant: Contestant, loading: Loading, folder: string): Promise<Round> {
  const dataDir = mkdtempSync(join(folder, 'data-'));
  const running = await RunningContestant.start(contestant, dataDir);
  try {
    const { result, cpu, atEnd } = await load(running, contestant, loading);
    const delivered = atEnd && (await awaitDelivery(running, result.acknowledged, atEnd));
    const settledCpu = delivered === undefined ? cpu.stopped : running.cpuMs();
    const { nowMiB, peakMiB } = running.memory();
    await running.stop();
    return {
      ...result,
      perSecond: result.measured / (result.elapsedMs / 1_000),
      coreBusy: (cpu.stopped - cpu.started) / result.elapsedMs,
      cpuMicros: ((settledCpu - cpu.started) * 1_000) / result.measured,
      rssMiB: nowMiB,
      peakMiB,
      readyMs: running.readyMs,
      delivery: delivered && { ...delivered, storedBytes: sizeOf(dataDir) },
    };
  } finally {
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** How far the listener was when the last request had been answered. */
interface AtEnd {
  readonly answeredAt: number;
  readonly handed: number;
  readonly seenAt: number;
}

interface Loaded {
  readonly result: LoadResult;
  readonly cpu: { readonly started: number; readonly stopped: number };
  /** Of a contestant that is durable. */
  readonly atEnd: AtEnd | undefined;
}

async function load(
  running: RunningContestant,
  { scheme, durable }: Contestant,
  loading: Loading,
): Promise<Loaded> {
  const cpu = { started: NaN, stopped: NaN };
  let atEnd: Promise<AtEnd> | undefined;
  const result = await runLoad({ ...loading, scheme, port: running.port, secret: SECRET }, (message) => {
    if (message === 'clock started') cpu.started = running.cpuMs();
    else if (message === 'clock stopped') cpu.stopped = running.cpuMs();
    else if (durable) {
      const answeredAt = performance.now();
      atEnd = running.handed().then((handed) => ({ answeredAt, handed, seenAt: performance.now() }));
      // Awaited below.
      atEnd.catch(() => undefined);
    }
  });
  return { result, cpu, atEnd: await atEnd };
}

/** Runs the load generator, and hands on what it tells on the way. */
export async function runLoad(
  options: LoadOptions,
  onProgress: (message: LoadProgress) => void,
): Promise<LoadResult> {
  const child = spawnNode(CORES.load, [
    '--import',
    new URL('../test/support/typescript.mjs', import.meta.url).href,
    fileURLToPath(new URL('./load.ts', import.meta.url)),
    JSON.stringify(options),
  ]);
  const result = await new Promise<LoadResult>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The load generator ended with code ${code}.`)));
    child.on('message', (message: LoadProgress | LoadResult) => {
      if (typeof message === 'string') onProgress(message);
      else resolve(message);
    });
  });
  child.disconnect();
  return result;
}

/** Waits until a listener has been handed all that was acknowledged, or nothing for a while. */
export async function awaitDelivery(
  running: RunningContestant,
  acknowledged: number,
  atEnd: AtEnd,
): Promise<Omit<Delivery, 'storedBytes'>> {
  let { handed, seenAt } = atEnd;
  while (handed < acknowledged && performance.now() - seenAt < STALL_LIMIT_MS) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = await running.handed();
    if (now > handed) [handed, seenAt] = [now, performance.now()];
  }
  return { handedAtEnd: atEnd.handed, handed, lagMs: seenAt - atEnd.answeredAt };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
