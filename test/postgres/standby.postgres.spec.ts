/** The server that takes writes is lost, and the service is led to its standby: read-only first, then promoted. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { TestService } from '../support/service.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { FaultyServer } from './faulty-server.js';
import { RECOVERS_WITHIN_MS, TEST_MS } from './limits.js';
import { expectStored, Load } from './load.js';

let primary: FaultyServer;
let standby: FaultyServer;
beforeAll(async () => {
  // A commit is confirmed when the standby has it, too: else its promotion could lose what was acknowledged.
  primary = await FaultyServer.start();
  await primary.database('service');
  standby = await primary.standby('standby');
  await primary.query(`alter system set synchronous_standby_names = 'standby'`);
  await primary.query('select pg_reload_conf()');
  await until(async () => {
    const rows = await primary.query(`select from pg_stat_replication where sync_state = 'sync'`);
    return rows.length === 1;
  }, RECOVERS_WITHIN_MS);
}, TEST_MS);
afterAll(async () => {
  await standby.remove();
  await primary.remove();
}, TEST_MS);

describe('a failover', () => {
  it(
    'is waited for with 503, and loses nothing that was acknowledged',
    async () => {
      let way = await TcpProxy.start(primary.port);
      const { port } = way;
      const url = new URL(primary.url('service'));
      url.port = String(port);
      const recorder = new Recorder();
      const service = await TestService.start({ DATABASE_URL: url.href }, { listeners: [recorder.module()] });
      const load = new Load({ port: () => service.port, prefix: 'failover' }).start();
      await until(() => load.acknowledged.size > 200, RECOVERS_WITHIN_MS);

      await primary.kill();
      await way.stop();
      way = await TcpProxy.start(standby.port, port);
      const ready = (): Promise<{ status: number; text: string }> => service.send('GET', '/health/ready');
      await until(async () => (await ready()).text.includes('read-only'), RECOVERS_WITHIN_MS);
      const { size } = load.acknowledged;
      const refused = load.answered(503);
      await until(() => load.answered(503) > refused + 16, RECOVERS_WITHIN_MS);
      expect(load.acknowledged.size).toBe(size);

      await standby.query(`select pg_promote()`);
      await until(() => load.acknowledged.size > size + 100, RECOVERS_WITHIN_MS);
      await load.finish();
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      await expectStored(standby.url('service'), [load]);
      const handled = (): number => new Set(recorder.seen.map(({ delivery }) => delivery)).size;
      await until(() => handled() === load.acknowledged.size, RECOVERS_WITHIN_MS);
      await until(async () => (await ready()).status === 200);
      await service.stop();
      await way.stop();
    },
    TEST_MS,
  );

  it(
    'is waited for by a service that starts on a standby which is not promoted yet',
    async () => {
      // Of its own: the one above has been promoted.
      const reader = await standby.standby('reader');
      try {
        const service = await TestService.start({ DATABASE_URL: reader.url('service') });
        expect((await service.send('GET', '/health/live')).status).toBe(200);
        expect((await service.send('GET', '/health/ready')).status).toBe(503);
        const load = new Load({ port: () => service.port, prefix: 'reader' }).start();
        await until(() => load.answered(503) > 0, RECOVERS_WITHIN_MS);
        expect(load.acknowledged.size).toBe(0);
        await reader.query('select pg_promote()');
        await until(() => load.acknowledged.size > 0, RECOVERS_WITHIN_MS);
        await load.finish();
        await service.stop();
      } finally {
        await reader.remove();
      }
    },
    TEST_MS,
  );
});
