/** `npm run test:simulate -- [--runs N] [--seed N] [--path "…"]`: the simulation at length, or one schedule again. */
import { parseArgs } from 'node:util';

import { simulate } from './simulate.js';

const RUNS = 10_000;

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const begun = performance.now();
const { runs, steps, failure } = await simulate({
  runs: Number(values.runs ?? RUNS),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
  ...(values.path === undefined ? {} : { path: values.path }),
});
const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
console.log(`${runs} runs, ${steps} steps, ${seconds} s`);
if (failure !== undefined) {
  console.error(failure);
  process.exitCode = 1;
}
