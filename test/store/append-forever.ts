/**
 * Appends until it is killed, and writes the id of each event to standard output once its append has
 * resolved. Started by durability.spec.ts.
 */
import { writeSync } from 'node:fs';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { openStore } from '../../src/store/open.js';
import { receipt } from '../support/store.js';

const [, , url = '', round = ''] = process.argv;
const CONCURRENCY = 32;

const store = await openStore(parseDatabaseUrl(url), { maxPending: CONCURRENCY });
let next = 0;
const appendOneByOne = async (): Promise<never> => {
  for (;;) {
    const id = `${round}-${next++}`;
    await store.append(receipt(id));
    // Not console.log: what it has taken may not have been written yet when the process dies.
    writeSync(1, `${id}\n`);
  }
};
await Promise.all(Array.from({ length: CONCURRENCY }, appendOneByOne));
