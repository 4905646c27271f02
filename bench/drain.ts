/**
 * `npm run bench:drain`: how fast a backlog reaches a listener that does nothing, on an empty store and on
 * one that is full of deliveries that are done. See docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import Database from 'better-sqlite3';

import { eventKeys } from '../src/store/keys.js';
import type { ReceiptDraft } from '../src/store/records.js';
import { SqliteEngine } from '../src/store/sqlite/engine.js';
import { CONTESTANTS, RunningContestant } from './contestant.js';

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    done: { type: 'string', default: '10000000' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const EVENTS = Number(flags.events);
const DONE = Number(flags.done);
const LISTENER = 'bench-count';
const GROUP = 1_000;
const POLL_MS = 50;

for (const done of [0, DONE]) {
  const folder = mkdtempSync(join(flags.dir, 'interactions-webhook-drain-'));
  try {
    await fill(join(folder, 'interactions.db'), done);
    const { perSecond, cpuMicros, rssMiB } = await drain(folder);
    console.log(
      `${EVENTS} waiting, ${done} done: ${perSecond.toFixed(0)} events/s, ${cpuMicros.toFixed(0)} µs CPU an event, ${rssMiB.toFixed(0)} MiB`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a store with deliveries that are done, and then events that wait. */
async function fill(file: string, done: number): Promise<void> {
  const engine = await SqliteEngine.open(file);
  const now = Date.now();
  engine.transaction(() => engine.register([{ name: LISTENER, filter: {}, from: 'now' }], now));
  for (let i = 0; i < EVENTS; i += GROUP) {
    const group = Array.from({ length: GROUP }, (_, j) => receipt(i + j, now));
    engine.transaction(() => engine.log.append(group, undefined));
  }
  engine.close();
  if (done === 0) return;
  const sqlite = new Database(file);
  sqlite
    .prepare(
      `insert into deliveries (seq, listener_id, interaction_key, state, holds, attempt)
       with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
       select -i, 1, 'done-' || i, 'done', 0, 1 from n order by i desc`,
    )
    .run(done);
  sqlite.close();
}

function receipt(i: number, receivedAt: number): ReceiptDraft {
  const body = Buffer.alloc(322, 0x20);
  const source = {
    channel: 'default',
    operationId: `operation-${i}`,
    interactionId: `8e09e19f-b8ba-4db0-b6e7-${String(i).padStart(12, '0')}`,
    type: 'STARTED',
    position: 0,
  };
  const rest = {
    mediaType: 'chat',
    interactionSubtype: 'InboundNew',
    selfUri: `sessions/${source.interactionId}`,
  };
  const events = [{ ...source, ...rest, ...eventKeys(source, body) }];
  return { channel: 'default', body, traceId: undefined, secretIndex: 0, receivedAt, events };
}

/** Starts the service on a store, and waits until its listener has been handed everything. */
async function drain(dataDir: string): Promise<{ perSecond: number; cpuMicros: number; rssMiB: number }> {
  const running = await RunningContestant.start(CONTESTANTS.service, dataDir);
  try {
    const before = { handed: await running.handed(), at: performance.now(), cpu: running.cpuMs() };
    let handed = before.handed;
    while (handed < EVENTS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      handed = await running.handed();
    }
    const count = EVENTS - before.handed;
    return {
      perSecond: count / ((performance.now() - before.at) / 1_000),
      cpuMicros: ((running.cpuMs() - before.cpu) * 1_000) / count,
      rssMiB: running.memory().nowMiB,
    };
  } finally {
    await running.stop();
  }
}
