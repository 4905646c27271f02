import { expect, it } from '@jest/globals';

import { simulate } from './simulate.js';

const RUNS = 300;
/** Room for a failure to be shortened to what matters. */
const TIMEOUT_MS = 120_000;

it(
  'keeps every promise of delivery under random schedules of work, failures, crashes and commands',
  async () => {
    const { runs, failure } = await simulate({ runs: RUNS });
    expect(failure).toBeUndefined();
    expect(runs).toBe(RUNS);
  },
  TIMEOUT_MS,
);
