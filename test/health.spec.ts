import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { Lifecycle } from '../src/observability/lifecycle.js';
import { Recorder } from './support/listeners.js';
import { payload, TestService } from './support/service.js';
import { until } from './support/until.js';

let service: TestService;
let recorder: Recorder;
beforeEach(async () => {
  recorder = new Recorder();
  service = await TestService.start({}, { listeners: [recorder.module()] });
});
afterEach(() => service.stop());

interface Report {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}
const get = (path: string): Promise<Report> => service.send('GET', path);
const ready = (): Promise<Report> => get('/health/ready');

/** Runs SQL beside the service, as whoever damages its file would. */
function tamper(sql: string): void {
  const other = new Database(join(service.dataDir, 'interactions.db'));
  other.exec(sql);
  other.close();
}

describe('GET /health/live', () => {
  it('is answered 200 while the process answers', async () => {
    const { status, json } = await get('/health/live');
    expect({ status, json }).toEqual({ status: 200, json: { status: 'ok' } });
  });
});

describe('GET /health/ready', () => {
  it('is answered 200 with what it looked at', async () => {
    const { status, json } = await ready();
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 'ok',
      error: {},
      details: {
        running: { status: 'up' },
        store: { status: 'up', waiting: 0 },
        eventLoop: { status: 'up', delayMs: expect.any(Number) },
        backlog: { status: 'up', seconds: { recorder: 0 } },
      },
    });
  });

  it.each([
    ['write', 'probe'],
    ['read', 'listeners'],
  ])('is answered 503 that names the store as down when it cannot %s', async (_, table) => {
    tamper(`ALTER TABLE ${table} RENAME TO hidden`);
    const { status, json } = await ready();
    expect(status).toBe(503);
    expect(json).toMatchObject({
      status: 'error',
      error: { store: { status: 'down', message: expect.stringContaining('The store is unavailable') } },
      details: { running: { status: 'up' }, eventLoop: { status: 'up' } },
    });
    expect(Object.keys(json['error'] as object)).toEqual(['store']);
  });

  it('asks the store once for all who ask at about the same time', async () => {
    tamper(
      'CREATE TABLE probes (n); CREATE TRIGGER t UPDATE ON probe BEGIN INSERT INTO probes VALUES (1); END',
    );
    await Promise.all(Array.from({ length: 20 }, ready));
    await ready();
    const { sql, parameters } = { sql: 'SELECT count(*) AS n FROM probes', parameters: [] };
    expect(await service.store.call('query', { sql, parameters })).toEqual([{ n: 1 }]);
  });

  it('is answered 503 that names `running` as down while the service stops', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    recorder.handle = () => released;
    await service.post(payload());
    await until(() => recorder.seen.length > 0);
    const closed = service.app.close();
    await until(() => service.get(Lifecycle).stopping);
    const { status, json } = await ready();
    release();
    await closed;
    expect(status).toBe(503);
    expect(json).toMatchObject({
      error: { running: { status: 'down' } },
      details: { store: { status: 'up' } },
    });
  });
});
