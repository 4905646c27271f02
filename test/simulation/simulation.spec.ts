import { expect, it } from '@jest/globals';

import { ENGINE } from '../support/engine.js';
import { simulate } from './simulate.js';

/** On PostgreSQL each step is a round trip and a commit. */
const RUNS = ENGINE === 'sqlite' ? 300 : 30;
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
