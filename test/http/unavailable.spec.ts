import { join } from 'node:path';

import { Injectable, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { OnInteraction } from '../../src/events/on-interaction.decorator.js';
import { CANARY, expectAccepted, expectRefusal } from '../support/answers.js';
import { RawSocket, rawHead } from '../support/raw-socket.js';
import { countRows } from '../support/rows.js';
import { payload, TestService, toBytes, type Answer } from '../support/service.js';

let service: TestService;
afterEach(() => service.stop());

function expectUnavailable(answer: Answer): void {
  expectRefusal(answer, 503);
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
}

/** Holds the store's write lock from another connection, as another process would. */
function lockStore(): () => void {
  const other = new Database(join(service.dataDir, 'interactions.db'));
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

describe('on overload', () => {
  it('is answered 503 at once when MAX_PENDING requests wait, and 200 when those are stored', async () => {
    service = await TestService.start({ MAX_PENDING: '2' });
    const unlock = lockStore();
    const waiting = ['one', 'two'].map((id) => service.post(payload('STARTED', id)));
    while (service.store.backlog < 2) await new Promise((resolve) => setImmediate(resolve));
    const refused = await Promise.all([1, 2, 3].map(() => service.post(payload())));
    unlock();
    for (const answer of refused) expectUnavailable(answer);
    const [one, two] = await Promise.all(waiting);
    expectAccepted(one as Answer, ['one']);
    expectAccepted(two as Answer, ['two']);
    expect(await countRows(service)).toMatchObject({ receipts: 2, events: 2 });
    expectAccepted(await service.post(payload('STARTED', 'three')), ['three']);
  });

  it('refuses invalid payloads like valid ones: what waits for quarantine waits for the disk too', async () => {
    service = await TestService.start({ MAX_PENDING: '1' });
    const unlock = lockStore();
    const waiting = service.post(payload());
    while (service.store.backlog < 1) await new Promise((resolve) => setImmediate(resolve));
    const refused = service.post({ operationId: 7 });
    const first = await Promise.race([refused, new Promise((resolve) => setTimeout(resolve, 1_000, 'none'))]);
    unlock();
    expect(first).not.toBe('none');
    expectUnavailable(await refused);
    expect((await waiting).status).toBe(200);
  });
});

describe('while the store fails', () => {
  it('is answered 503 for valid and invalid payloads alike, and recovers with the store', async () => {
    service = await TestService.start();
    const other = new Database(join(service.dataDir, 'interactions.db'));
    const rename = (from: string, to: string): void => {
      other.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    };
    rename('receipts', 'hidden_receipts');
    rename('quarantine', 'hidden_quarantine');
    expectUnavailable(await service.post({ ...payload(), unknown: CANARY }));
    expectUnavailable(await service.post(`{"${CANARY}`));
    rename('hidden_receipts', 'receipts');
    rename('hidden_quarantine', 'quarantine');
    other.close();
    expect(await countRows(service)).toEqual({ receipts: 0, events: 0, quarantine: 0 });
    expectAccepted(await service.post(payload('STARTED', 'after')), ['after']);
  });

  it('is answered 503 when the disk is full, with nothing stored, and 200 once there is room', async () => {
    service = await TestService.start({ BODY_LIMIT: '4MiB' });
    const pages = (count: number): Promise<unknown> =>
      service.store.call('query', { sql: `PRAGMA max_page_count = ${count}`, parameters: [] });
    await pages(100);
    const large = { ...payload('STARTED', 'large'), unknown: 'x'.repeat(2 * 1_024 * 1_024) };
    expectUnavailable(await service.post(large));
    expectUnavailable(await service.post({ operationId: 7, unknown: large.unknown }));
    expect(await countRows(service)).toEqual({ receipts: 0, events: 0, quarantine: 0 });
    await pages(1_000_000);
    expectAccepted(await service.post(large), ['large']);
  });
});

describe('while shutting down', () => {
  it('refuses new requests, and answers the one that was on its way', async () => {
    let running: (signal: AbortSignal) => void = () => undefined;
    const started = new Promise<AbortSignal>((resolve) => (running = resolve));
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class SlowListener {
      @OnInteraction({ name: 'slow' })
      async handle(_: unknown, { signal }: { signal: AbortSignal }): Promise<void> {
        running(signal);
        await released;
      }
    }
    @Module({ providers: [SlowListener] })
    class SlowModule {}

    service = await TestService.start({}, { listeners: [SlowModule] });
    const body = toBytes(payload('STARTED', 'on-its-way'));
    const onItsWay = await RawSocket.open(service.port);
    await onItsWay.write(rawHead(body));
    await service.post(payload());
    const signal = await started;
    const closed = service.app.close();
    while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
    expectUnavailable(await service.post(payload()));
    expectUnavailable(await service.post('{}'));
    await onItsWay.write(body);
    expectAccepted(await onItsWay.answer(), ['on-its-way']);
    release();
    await closed;
  });
});
