/** The whole database server is away: not there yet, frozen, started again, or killed. */
import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';
import { Crowd } from './crowd.js';
import { FaultyServer } from './faulty-server.js';
import { RECOVERS_WITHIN_MS, REFUSES_WITHIN_MS, SERVES_WITHIN_MS, TEST_MS } from './limits.js';
import { expectStored, Load } from './load.js';

let server: FaultyServer;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  // None is kept for administrators, as whom all tests connect.
  server = await FaultyServer.start(['max_connections=30', 'superuser_reserved_connections=0']);
}, TEST_MS);
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
}, TEST_MS);
afterAll(() => server.remove(), TEST_MS);

async function startService(url: string, recorder = new Recorder()): Promise<TestService> {
  const service = await TestService.start({ DATABASE_URL: url }, { listeners: [recorder.module()] });
  ends.push(() => service.stop());
  return service;
}

const health = async (service: TestService, kind: 'live' | 'ready'): Promise<number> =>
  (await service.send('GET', `/health/${kind}`)).status;

/** Every event was handed to the listener, those of an interaction in their order. */
async function expectHandled(recorder: Recorder, load: Load): Promise<void> {
  const first = (): string[] => [...new Set(recorder.seen.map(({ id, type }) => `${id}/${type}`))];
  await until(() => first().length === load.acknowledged.size, RECOVERS_WITHIN_MS);
  const order = first();
  expect([...order].sort()).toEqual([...load.acknowledged].sort());
  const place = new Map(order.map((name, i) => [name, i]));
  for (const name of order.filter((one) => one.endsWith('/FINISHED'))) {
    expect(place.get(name)).toBeGreaterThan(place.get(name.replace('FINISHED', 'STARTED')) ?? Infinity);
  }
}

describe('a database that is absent at the start', () => {
  it(
    'leaves the service live and not ready, and is used soon after it has come',
    async () => {
      const url = await server.database('absent');
      await server.stop();
      const recorder = new Recorder();
      const service = await startService(url, recorder);
      expect(await health(service, 'live')).toBe(200);
      expect(await health(service, 'ready')).toBe(503);
      const refused = await service.post(payload());
      expect(refused.status).toBe(503);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);

      const { port } = service;
      const load = new Load({ port: () => port, prefix: 'absent' }).start();
      await server.start();
      await until(() => load.acknowledged.size > 0, SERVES_WITHIN_MS);
      await until(async () => (await health(service, 'ready')) === 200, SERVES_WITHIN_MS);
      await load.finish();
      await expectStored(url, [load]);
      await expectHandled(recorder, load);
    },
    TEST_MS,
  );
});

describe('a database that stands still', () => {
  /** Resident memory of a process in MiB. */
  const residentMiB = (pid: number): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  /** Of each connection more than one, and so more than what waited when it began. */
  const ANSWERS = 160;
  const GROWTH_MIB = 96;

  it(
    'makes the service refuse in time and keep its memory, and is used again once it moves',
    async () => {
      const url = await server.database('frozen');
      const folder = new StartFolder();
      ends.push(() => folder.remove());
      const service = await folder.start({ DATABASE_URL: url });
      const load = new Load({
        port: () => service.port,
        prefix: 'frozen',
        connections: 64,
        padding: 16_384,
      });
      load.start();
      await until(() => load.acknowledged.size > 1_000, RECOVERS_WITHIN_MS);
      ends.push(() => {
        server.thaw();
        return Promise.resolve();
      });
      server.freeze();
      const before = residentMiB(service.pid);
      load.slowestMs = 0;
      await until(() => load.answered(503) > ANSWERS, RECOVERS_WITHIN_MS);
      expect(load.slowestMs).toBeLessThan(REFUSES_WITHIN_MS);
      expect(residentMiB(service.pid) - before).toBeLessThan(GROWTH_MIB);
      const invalid = performance.now();
      expect((await service.post({ data: 'not valid, and so to be quarantined' })).status).toBe(503);
      expect(performance.now() - invalid).toBeLessThan(REFUSES_WITHIN_MS);
      expect((await service.get('/health/live')).status).toBe(200);
      expect((await service.get('/health/ready')).status).toBe(503);

      const { size } = load.acknowledged;
      server.thaw();
      await until(() => load.acknowledged.size > size + 200, RECOVERS_WITHIN_MS);
      await load.finish();
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      await expectStored(url, [load]);
      await until(async () => (await service.get('/health/ready')).status === 200);
    },
    TEST_MS,
  );
});

describe('a database that ends under load and is started again', () => {
  it.each([
    ['stopped', () => server.stop()],
    ['killed', () => server.kill()],
  ])(
    'has every acknowledged event when it was %s, and each is handled in order',
    async (how, end) => {
      const url = await server.database(`restarted_${how}`);
      const recorder = new Recorder();
      const service = await startService(url, recorder);
      const load = new Load({ port: () => service.port, prefix: how }).start();
      for (let round = 1; round <= 2; round++) {
        const { size } = load.acknowledged;
        await until(() => load.acknowledged.size > size + 100, RECOVERS_WITHIN_MS);
        const refused = load.answered(503);
        await end();
        await until(() => load.answered(503) > refused, RECOVERS_WITHIN_MS);
        expect(await health(service, 'live')).toBe(200);
        await server.start();
      }
      await load.finish();
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      await expectStored(url, [load]);
      await expectHandled(recorder, load);
    },
    TEST_MS,
  );
});

describe('connections that the server ends under load', () => {
  it(
    'cost no acknowledged event, and make no duplicate of one whose commit nobody heard of',
    async () => {
      const url = await server.database('terminated');
      const recorder = new Recorder();
      const service = await startService(url, recorder);
      const load = new Load({ port: () => service.port, prefix: 'terminated' }).start();
      let ended = 0;
      for (let round = 1; round <= 10; round++) {
        const { size } = load.acknowledged;
        await until(() => load.acknowledged.size > size + 20, RECOVERS_WITHIN_MS);
        const rows = await server.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = 'terminated' and application_name = 'interactions-webhook'`,
        );
        ended += rows.length;
      }
      expect(ended).toBeGreaterThan(20);
      await load.finish();
      await expectStored(url, [load]);
      await expectHandled(recorder, load);
    },
    TEST_MS,
  );
});

describe('a server whose connections are all taken', () => {
  it(
    'is used again as soon as there is one, and until then nothing is acknowledged that is not stored',
    async () => {
      const url = await server.database('crowded');
      const recorder = new Recorder();
      const service = await startService(url, recorder);
      const load = new Load({ port: () => service.port, prefix: 'crowded' }).start();
      await until(() => load.acknowledged.size > 100, RECOVERS_WITHIN_MS);
      const crowd = await Crowd.gather(server, 'crowded');
      ends.push(() => crowd.leave());
      const refused = load.answered(503);
      await until(() => load.answered(503) > refused + 10, RECOVERS_WITHIN_MS);
      expect((await service.send('GET', '/health/ready')).status).toBe(503);
      expect((await service.send('GET', '/health/ready')).text).toContain('53300');
      const { size } = load.acknowledged;
      await crowd.leave();
      await until(() => load.acknowledged.size > size + 100, RECOVERS_WITHIN_MS);
      await load.finish();
      await expectStored(url, [load]);
      await expectHandled(recorder, load);
    },
    TEST_MS,
  );
});
