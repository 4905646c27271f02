/** One round: a fresh process on fresh data, loaded for a while, and looked at from outside. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CORES, RunningContestant, SECRET, spawnNode, type Contestant } from './contestant.js';
import type { LoadMessage, LoadOptions, LoadResult } from './load.js';

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

/** How long a listener may lag behind before its missing events count as lost. */
const LAG_LIMIT_MS = 60_000;

/**
 * @param folder where the data folder of the round is made; it is removed afterwards.
 */
export async function runRound(contestant: Contestant, loading: Loading, folder: string): Promise<Round> {
  const dataDir = mkdtempSync(join(folder, 'interactions-webhook-bench-'));
  const running = await RunningContestant.start(contestant, dataDir);
  try {
    const { result, cpu } = await load(running, { ...loading, scheme: contestant.scheme });
    const delivered = contestant.durable ? await awaitDelivery(running, result.acknowledged) : undefined;
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

async function load(
  running: RunningContestant,
  options: Loading & Pick<LoadOptions, 'scheme'>,
): Promise<{ result: LoadResult; cpu: { started: number; stopped: number } }> {
  const loadOptions: LoadOptions = { ...options, port: running.port, secret: SECRET };
  const child = spawnNode(CORES.load, [
    '--import',
    new URL('../test/support/typescript.mjs', import.meta.url).href,
    fileURLToPath(new URL('./load.ts', import.meta.url)),
    JSON.stringify(loadOptions),
  ]);
  const cpu = { started: NaN, stopped: NaN };
  const result = await new Promise<LoadResult>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The load generator ended with code ${code}.`)));
    child.on('message', (message: LoadMessage) => {
      if (message === 'clock started') cpu.started = running.cpuMs();
      else if (message === 'clock stopped') cpu.stopped = running.cpuMs();
      else resolve(message);
    });
  });
  child.disconnect();
  await once(child, 'exit');
  return { result, cpu };
}

async function awaitDelivery(
  running: RunningContestant,
  acknowledged: number,
): Promise<Omit<Delivery, 'storedBytes'>> {
  const start = performance.now();
  const handedAtEnd = await running.handed();
  let handed = handedAtEnd;
  while (handed < acknowledged && performance.now() - start < LAG_LIMIT_MS) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    handed = await running.handed();
  }
  return { handedAtEnd, handed, lagMs: performance.now() - start };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
