import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';

import { Retention } from '../../src/store/retention/retention.js';
import { connectTo } from '../support/engine.js';
import { fillLog } from '../support/large-log.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

const EVENTS = 100_000;
const DAY_MS = 86_400_000;

/** What the server read of the tables that grow. It counts by itself, whatever the plans are. */
interface Reads {
  readonly scanned: number;
  readonly fetched: number;
}

describe('in a log of a hundred thousand events', () => {
  let owner: TestService;
  let client: Client;
  beforeAll(async () => {
    owner = await TestService.start({ ROLES: 'receive' }, { listeners: [new Recorder().module()] });
    const { store } = owner;
    const [listener] = await store.query(store.builder.selectFrom('listeners').select('id'));
    await fillLog(
      (sql) => store.call('query', { sql, parameters: [] }),
      'postgres',
      listener?.id ?? 0,
      EVENTS,
      Date.now(),
    );
    client = await connectTo(owner.dataDir);
  }, 120_000);
  afterAll(async () => {
    await client.end();
    await owner.stop();
  });

  async function reads(): Promise<Reads> {
    const { rows } = await client.query<Reads>(
      `select sum(seq_tup_read)::int as scanned, sum(coalesce(idx_tup_fetch, 0))::int as fetched
       from pg_stat_user_tables where relname in ('events', 'deliveries', 'receipts', 'attempts')`,
    );
    return rows[0] ?? { scanned: 0, fetched: 0 };
  }

  /** What is read by a service that starts, does something and stops: a session that ends has told all it did. */
  async function readBy(work: (service: TestService) => Promise<void>): Promise<Reads> {
    const count = async (): Promise<number> => {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
      return rows[0]?.count ?? 0;
    };
    const others = await count();
    const before = await reads();
    // Else the listener `interactions` would catch up with all of it.
    const env = { ...TOKENS, INTERACTIONS: 'off' };
    const service = await TestService.start(env, {
      listeners: [new Recorder().module()],
      dataDir: owner.dataDir,
    });
    try {
      await work(service);
    } finally {
      await service.stop();
    }
    await until(async () => (await count()) <= others);
    const after = await reads();
    return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched };
  }

  it('a webhook is stored and delivered without reading what is done', async () => {
    const { scanned, fetched } = await readBy(async (service) => {
      for (let i = 0; i < 20; i++) await service.post(payload());
      const open = service.store.builder.selectFrom('deliveries').select('seq').where('holds', '=', 1);
      await until(async () => (await service.store.query(open)).length === 0);
    });
    expect(scanned).toBe(0);
    expect(fetched).toBeLessThan(5_000);
  }, 60_000);

  it.each([
    '/events?limit=50',
    '/events?limit=50&interaction=id%20500',
    '/listeners',
    '/deliveries?state=dead&limit=50',
    '/deliveries/groups?state=dead',
    '/quarantine?limit=50',
    '/replays',
    '/audit',
  ])(
    'operators who ask for %s do not read all of it',
    async (path) => {
      const { scanned, fetched } = await readBy(async (service) => {
        expect((await api(service, 'GET', path)).status).toBe(200);
      });
      expect(scanned).toBe(0);
      expect(fetched).toBeLessThan(5_000);
    },
    60_000,
  );

  it('the retention reads what it removes, and not what stays', async () => {
    const { scanned, fetched } = await readBy(async ({ store }) => {
      // Of a hundred days, the first.
      const removed = await new Retention(store, { days: 99, now: () => Date.now() }).run();
      expect(removed).toBeGreaterThan(990);
      const turn = store.builder.updateTable('retention').set({ next_at: 0 });
      await store.query(turn);
      await new Retention(store, { days: 99, now: () => Date.now() - DAY_MS }).run();
    });
    expect(scanned).toBe(0);
    expect(fetched).toBeLessThan(20_000);
  }, 60_000);
});
