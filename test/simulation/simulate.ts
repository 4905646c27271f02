import fc from 'fast-check';

import { schedule, type Step } from './steps.js';
import { openSimulatedStore } from './open-store.js';
import { World } from './world.js';

/** How many schedules, and which. */
export interface SimulationOptions {
  readonly runs: number;
  readonly seed?: number;
  /** Leads to one schedule of the seed, as a failure printed it. */
  readonly path?: string;
}

/** What a simulation came to. */
export interface SimulationResult {
  readonly runs: number;
  /** Steps that were taken. */
  readonly steps: number;
  /** The shortest schedule that breaks a promise, which one, and how to run it again. */
  readonly failure: string | undefined;
}

/** Takes random schedules until one breaks a promise. */
export async function simulate({ runs, seed, path }: SimulationOptions): Promise<SimulationResult> {
  const store = await openSimulatedStore();
  let taken = 0;
  const property = fc.asyncProperty(schedule, async (steps) => {
    const world = await World.begin(store);
    for (const step of steps) if (await world.take(step)) taken++;
    await world.heal();
  });
  try {
    const details = await fc.check(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    });
    return { runs: details.numRuns, steps: taken, failure: details.failed ? describe(details) : undefined };
  } finally {
    await store.close();
  }
}

function describe({
  seed,
  counterexample,
  counterexamplePath,
  errorInstance,
}: fc.RunDetails<[Step[]]>): string {
  const steps = counterexample?.[0] ?? [];
  const error =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : errorInstance;
  return [
    'A schedule breaks a promise:',
    ...steps.map((step) => `  ${fc.stringify(step)}`),
    String(error),
    `Again: npm run test:simulate -- --seed ${seed} --path "${counterexamplePath ?? ''}"`,
  ].join('\n');
}
