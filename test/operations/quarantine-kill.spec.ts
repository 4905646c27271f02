import { afterEach, beforeEach, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { TOKENS } from '../support/operators.js';
import type { ServiceProcess } from '../support/service-process.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';

/** One batch. */
const PAYLOADS = 200;

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const reprocess = (service: ServiceProcess): Promise<Response> =>
  fetch(`http://127.0.0.1:${service.port}/api/v1/quarantine/reprocess`, {
    method: 'POST',
    body: '{"filter":{}}',
    headers: {
      authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}`,
      'x-requested-by': 'tests',
      'content-type': 'application/json',
    },
  });

it('a process that is killed while it puts quarantine back loses nothing and doubles nothing', async () => {
  const strict = await folder.start(TOKENS);
  const answers = Array.from({ length: PAYLOADS }, (_, i) => {
    const entities = [{ event: 'PAUSED', entity: { id: `interaction-${i}` } }];
    return strict.post({ operationId: `operation-${i}`, data: { entities } });
  });
  for (const { status } of await Promise.all(answers)) expect(status).toBe(400);
  await strict.end();
  const database = new Database(folder.file('data/interactions.db'));
  const count = (sql: string): number => database.prepare<[], number>(sql).pluck().get() as number;
  const events = (): number => count('select count(*) from events');
  const held = (): number => count("select count(*) from quarantine where state = 'held'");

  const killed = await folder.start({ ...TOKENS, UNKNOWN_VALUES: 'accept' });
  const cut = reprocess(killed).then(
    () => 'answered',
    () => 'cut off',
  );
  await until(() => events() > 0);
  await killed.end('SIGKILL');
  expect(await cut).toBe('cut off');
  expect(events()).toBeLessThan(PAYLOADS);
  expect(held()).toBe(PAYLOADS);
  expect(count('select count(*) from audit_log')).toBe(0);

  const again = await folder.start({ ...TOKENS, UNKNOWN_VALUES: 'accept' });
  expect(await (await reprocess(again)).json()).toMatchObject({ count: PAYLOADS, failed: [] });
  expect(events()).toBe(PAYLOADS);
  expect(held()).toBe(0);
  expect(count('select count from audit_log')).toBe(PAYLOADS);
  database.close();
}, 60_000);
