import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { RawSocket, rawHead } from '../support/raw-socket.js';
import type { Exit, ServiceProcess } from '../support/service-process.js';
import { payload, toBytes } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const CLEAN: Exit = { code: 0, signal: null };
/** Supervisors commonly kill after that. */
const PATIENCE_MS = 10_000;
/** A stop for which nothing has to be waited. */
const AT_ONCE_MS = 3_000;

/** How a service ended, and after how many milliseconds. */
async function timed(end: Promise<Exit>): Promise<Exit & { readonly took: number }> {
  const before = performance.now();
  return { ...(await end), took: performance.now() - before };
}

async function expectCleanEnd(end: Promise<Exit>, withinMs: number): Promise<void> {
  const { took, ...exit } = await timed(end);
  expect(exit).toEqual(CLEAN);
  expect(took).toBeLessThan(withinMs);
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends an idle service at once, with nothing to complain about', async () => {
    const service = await folder.start();
    await expectCleanEnd(service.end(signal), AT_ONCE_MS);
    expect(service.stderr).toBe('');
    await expect(RawSocket.open(service.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('ends it once, however often it is sent', async () => {
    const service = await folder.start();
    for (let i = 0; i < 3; i++) service.kill(signal);
    expect(await service.exited).toEqual(CLEAN);
  });
});

describe('a request that runs when the service is told to stop', () => {
  it('is stored and answered, and no new one is taken', async () => {
    const service = await folder.start();
    const body = toBytes(payload('STARTED', 'running'));
    const running = await RawSocket.open(service.port);
    await running.write(rawHead(body, { lines: ['Expect: 100-continue'] }));
    expect((await running.answer()).status).toBe(100);
    const exited = service.end();
    await until(() => RawSocket.open(service.port).then(endIt, () => true));
    await running.write(body);
    expect((await running.answer()).json).toMatchObject({ data: { ids: [{ id: 'running' }] } });
    expect(await exited).toEqual(CLEAN);
    const database = new Database(folder.file('data/interactions.db'), { readonly: true });
    expect(database.prepare('select interaction_id from events').pluck().all()).toEqual(['running']);
    database.close();
  });

  it('is stored and answered even though the disk keeps it waiting', async () => {
    const service = await folder.start();
    const database = new Database(folder.file('data/interactions.db'));
    database.exec('BEGIN IMMEDIATE');
    const body = toBytes(payload('STARTED', 'running'));
    const running = await RawSocket.open(service.port);
    await running.write(rawHead(body, { lines: ['Expect: 100-continue'] }));
    expect((await running.answer()).status).toBe(100);
    await running.write(body);
    const exited = service.end();
    await delay(500);
    expect(service.running).toBe(true);
    database.exec('ROLLBACK');
    expect((await running.answer()).json).toMatchObject({ data: { ids: [{ id: 'running' }] } });
    expect(await exited).toEqual(CLEAN);
    expect(database.prepare('select interaction_id from events').pluck().all()).toEqual(['running']);
    database.close();
  });
});

function endIt(socket: RawSocket): boolean {
  socket.destroy();
  return false;
}

describe('a connection that is open when the service is told to stop', () => {
  it('does not hold it up when it is kept alive after a request', async () => {
    const service = await folder.start();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: service.port, path: '/health/live', agent },
        (response) => {
          response.resume().once('end', resolve);
        },
      );
      sent.once('error', reject).end();
    });
    await expectCleanEnd(service.end(), AT_ONCE_MS);
    agent.destroy();
  });

  it('does not hold it up for long when nothing was ever sent on it', async () => {
    const service = await folder.start();
    const socket = await RawSocket.open(service.port);
    await expectCleanEnd(service.end(), PATIENCE_MS);
    await socket.closed;
  });

  it('does not hold it up for long when a request on it never comes whole', async () => {
    const service = await folder.start();
    const headers = await RawSocket.open(service.port);
    await headers.write('POST /nexus/v3/some/interactions/webhook/path HTTP/1.1\r\nHost: x\r\n');
    const body = await RawSocket.open(service.port);
    await body.write(rawHead(toBytes(payload())));
    await delay(50);
    await expectCleanEnd(service.end(), PATIENCE_MS);
  });
});

describe('a handler that runs when the service is told to stop', () => {
  const journal = (): string[] => readFileSync(folder.file('journal'), 'utf8').split('\n').slice(0, -1);
  const startWithListener = (): Promise<ServiceProcess> =>
    folder.start({ LISTENERS: resolve('test/start/journal.module.ts'), JOURNAL: folder.file('journal') });

  it.each([
    ['that gives up when asked to', 'obedient', AT_ONCE_MS],
    ['that never ends', 'endless', PATIENCE_MS],
  ])(
    '%s sees its signal fire, and is run again with the same id after the next start',
    async (_, id, withinMs) => {
      const service = await startWithListener();
      await service.post(payload('STARTED', id));
      await until(() => journal().includes(`begin ${id} journal:1 1`));
      await expectCleanEnd(service.end(), withinMs);
      expect(journal()).toEqual([`begin ${id} journal:1 1`, `abort ${id} journal:1 1`]);
      // As if the first had never begun: the end of the service is no fault of the listener's.
      const next = await startWithListener();
      await until(() => journal().length === 3);
      expect(journal()[2]).toBe(`begin ${id} journal:1 1`);
      await next.end('SIGKILL');
    },
  );

  it('that still finishes is done, and not run again', async () => {
    const service = await startWithListener();
    await service.post(payload('STARTED', 'thorough'));
    await until(() => journal().includes('begin thorough journal:1 1'));
    await expectCleanEnd(service.end(), AT_ONCE_MS);
    const ended = ['begin thorough journal:1 1', 'abort thorough journal:1 1', 'done thorough journal:1 1'];
    expect(journal()).toEqual(ended);
    const next = await startWithListener();
    await next.post(payload('STARTED', 'next'));
    await until(() => journal().includes('done next journal:2 1'));
    expect(journal().slice(0, 3)).toEqual(ended);
    expect(journal()).toHaveLength(5);
  });

  it('holds back no other event that waits: those are run after the next start', async () => {
    const service = await startWithListener();
    await service.post(payload('STARTED', 'obedient'));
    await service.post(payload('FINISHED', 'obedient'));
    await until(() => journal().length === 1);
    await expectCleanEnd(service.end(), AT_ONCE_MS);
    const database = new Database(folder.file('data/interactions.db'), { readonly: true });
    const states = database.prepare('select state, attempt, owner from deliveries order by seq').all();
    expect(states).toEqual([
      { state: 'pending', attempt: 0, owner: null },
      { state: 'blocked', attempt: 0, owner: null },
    ]);
    database.close();
  });
});
