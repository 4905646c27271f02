/** What other connections to the same database do to an append: deadlocks, serialization failures, timeouts. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';

import { connectTo, databaseEnv } from '../support/engine.js';
import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { RECOVERS_WITHIN_MS, TEST_MS } from './limits.js';
import { expectStored, Load } from './load.js';

let service: TestService;
let other: pg.Client;
let url: string;
let recorder: Recorder;
beforeEach(async () => {
  recorder = new Recorder();
  service = await TestService.start({}, { listeners: [recorder.module()] });
  url = (await databaseEnv(service.dataDir))['DATABASE_URL'] ?? '';
  other = await connectTo(service.dataDir);
}, TEST_MS);
afterEach(async () => {
  await other.end();
  await service.stop();
}, TEST_MS);

const interactions = async (): Promise<unknown[]> =>
  (await other.query<{ id: string }>('select interaction_id as id from events order by seq')).rows.map(
    ({ id }) => id,
  );
const deadlocks = async (): Promise<number> => {
  const query = 'select deadlocks from pg_stat_database where datname = current_database()';
  await other.query('select pg_stat_clear_snapshot()');
  return Number((await other.query<{ deadlocks: string }>(query)).rows[0]?.deadlocks);
};
describe('a deadlock with another connection', () => {
  it(
    'whose victim is the append is tried again, and stored once',
    async () => {
      // The other one waits for longer than a deadlock takes to be found, so that it is not the victim.
      await other.query(`set deadlock_timeout = '60s'; begin; lock table receipts in exclusive mode`);
      const posted = service.post(payload('STARTED', 'victim'));
      await until(async () => {
        const { rows } = await other.query(
          `select from pg_locks where not granted and mode = 'RowExclusiveLock'`,
        );
        return rows.length > 0;
      });
      // Appends share this one: it comes free when the append is rolled back.
      await other.query('select lock_listeners_v1(true)');
      await other.query('commit');
      expect((await posted).status).toBe(200);
      await until(async () => (await deadlocks()) > 0);
      await expect(interactions()).resolves.toEqual(['victim']);
      await until(() => recorder.seen.length === 1);
    },
    TEST_MS,
  );
});

describe('a serialization failure', () => {
  /** Makes so many inserts fail as a server does that cannot serialize them; no rollback takes a count back. */
  async function failFirst(times: number): Promise<void> {
    await other.query(`
      create sequence failures;
      create function fail() returns trigger language plpgsql as $$
      begin
        if nextval('failures') <= ${times} then
          raise exception 'could not serialize access' using errcode = 'serialization_failure';
        end if;
        return null;
      end $$;
      create trigger fail before insert on events for each statement execute function fail()`);
  }

  it('is tried again until it passes', async () => {
    await failFirst(20);
    expect((await service.post(payload('STARTED', 'passed'))).status).toBe(200);
    await expect(interactions()).resolves.toEqual(['passed']);
  });

  it(
    'that does not pass is refused, and what is sent again later is stored once',
    async () => {
      await failFirst(1_000_000_000);
      const body = payload('STARTED', 'later');
      const refused = await service.post(body);
      expect(refused.status).toBe(503);
      await expect(interactions()).resolves.toEqual([]);
      await other.query('drop trigger fail on events');
      expect((await service.post(body)).status).toBe(200);
      await expect(interactions()).resolves.toEqual(['later']);
    },
    TEST_MS,
  );
});

describe('a statement timeout', () => {
  it(
    'of the server, or of an administrator, is a refusal, and what is sent again is stored once',
    async () => {
      await other.query('begin; lock table receipts in exclusive mode');
      const body = payload('STARTED', 'cancelled');
      const posted = service.post(body);
      await until(async () => {
        const query = `select pg_cancel_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`;
        return (await other.query(query)).rows.length > 0;
      });
      expect((await posted).status).toBe(503);
      await other.query('rollback');
      expect((await service.post(body)).status).toBe(200);
      await expect(interactions()).resolves.toEqual(['cancelled']);
    },
    TEST_MS,
  );

  it(
    'under load costs nothing that was acknowledged',
    async () => {
      const strict = new URL(url);
      strict.searchParams.set('statement_timeout', '150');
      const impatient = await TestService.start({ DATABASE_URL: strict.href });
      try {
        const load = new Load({ port: () => impatient.port, prefix: 'timeout' }).start();
        for (let round = 1; round <= 3; round++) {
          const { size } = load.acknowledged;
          await until(() => load.acknowledged.size > size + 20, RECOVERS_WITHIN_MS);
          const refused = load.answered(503);
          await other.query('begin; lock table receipts in exclusive mode');
          await until(() => load.answered(503) > refused + 8, RECOVERS_WITHIN_MS);
          await other.query('rollback');
        }
        await load.finish();
        await expectStored(url, [load]);
      } finally {
        await impatient.stop();
      }
    },
    TEST_MS,
  );
});

describe('a database whose transactions are stricter by default than those of the service', () => {
  it.each(['repeatable read', 'serializable'])(
    'still keeps the order of an interaction and refuses no duplicate: %s',
    async (level) => {
      const { pathname } = new URL(url);
      await other.query(
        `alter database "${pathname.slice(1)}" set default_transaction_isolation = '${level}'`,
      );
      const replicas = await Promise.all([
        TestService.start({ DATABASE_URL: url }),
        TestService.start({ DATABASE_URL: url }),
      ]);
      try {
        for (let i = 0; i < 60; i++) {
          const bodies = [payload('STARTED', `both-${i}`), payload('FINISHED', `both-${i}`)];
          const posts = replicas.flatMap((replica) => bodies.map((body) => replica.post(body)));
          const statuses = (await Promise.all(posts)).map(({ status }) => status);
          expect(statuses).toEqual([200, 200, 200, 200]);
        }
        const { rows } = await other.query(
          `select late = (seq > finished)::int as holds from events e
             join lateral (select seq as finished from events f
               where f.interaction_key = e.interaction_key and f.type = 'FINISHED') f on true
           where type = 'STARTED'`,
        );
        expect(rows).toHaveLength(60);
        expect(rows).toEqual(rows.map(() => ({ holds: true })));
      } finally {
        for (const replica of replicas) await replica.stop();
      }
    },
    TEST_MS,
  );
});
