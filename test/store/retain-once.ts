/**
 * Runs the retention, and writes a line to standard output after each of its transactions. Started by
 * retention-crash.spec.ts, with the database, the days and the time.
 */
import { writeSync } from 'node:fs';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { openStore } from '../../src/store/open.js';
import { Retention } from '../../src/store/retention/retention.js';

const [, , url = '', days = '', now = ''] = process.argv;
const store = await openStore(parseDatabaseUrl(url), { maxPending: 1 });
const call = store.call.bind(store);
store.call = async (...args) => {
  const result = await call(...args);
  // Not console.log: what it has taken may not have been written yet when the process dies.
  if (args[0] === 'retain') writeSync(1, 'step\n');
  return result;
};
await new Retention(store, { days: Number(days), now: () => Number(now) }).run();
await store.close();
