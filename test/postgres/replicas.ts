import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Store } from '../../src/store/store.js';
import { parse } from '../crash/journal.js';
import { RetryingSender } from '../crash/sender.js';
import { judge, nameOf, type Verdict } from '../crash/verdict.js';
import { ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

/** What a killed replica had claimed waits for the end of its lease, and then for its turn. */
const DRAIN_LIMIT_MS = 60_000;
const LONGEST_ROUND_MS = 1_500;

export interface ReplicasRun {
  readonly url: string;
  readonly store: Store;
  /** For the journal, and to run in. */
  readonly folder: string;
  readonly replicas: number;
  readonly kills: number;
  readonly random: () => number;
  readonly onKill?: (kill: number, acknowledged: number) => void;
}

/** Replicas share a database and a load; one after the other is killed and started again. What came of it. */
export async function killReplicas(run: ReplicasRun): Promise<Verdict & { readonly acknowledged: number }> {
  const { url, store, folder, random } = run;
  const start = (): Promise<ServiceProcess> =>
    ServiceProcess.start(folder, {
      DATABASE_URL: url,
      LISTENERS: resolve('test/crash/journal.module.ts'),
      JOURNAL: join(folder, 'journal'),
    });
  const replicas = await Promise.all(Array.from({ length: run.replicas }, start));
  let turn = 0;
  const port = (): number => replicas[turn++ % replicas.length]?.port ?? 0;
  const sender = new RetryingSender(port, random, `replicas-${Date.now()}`);
  try {
    sender.start();
    for (let kill = 1; kill <= run.kills; kill++) {
      await delay(random() * LONGEST_ROUND_MS);
      const victim = Math.floor(random() * replicas.length);
      await replicas[victim]?.end('SIGKILL');
      run.onKill?.(kill, sender.acknowledged.size);
      replicas[victim] = await start();
    }
    await sender.finish();
    await until(async () => (await openNames(store)).length === 0, DRAIN_LIMIT_MS);
    const stored = await names(store);
    const journal = parse(readFileSync(join(folder, 'journal'), 'utf8'));
    const verdict = judge(sender, stored, await openNames(store), journal);
    return { ...verdict, acknowledged: sender.acknowledged.size };
  } finally {
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  }
}

async function names(store: Store): Promise<string[]> {
  const rows = await store.query(store.builder.selectFrom('events').select(['interaction_id', 'type']));
  return rows.map(({ interaction_id: id, type }) => nameOf(String(id), String(type)));
}

/** The events whose delivery is not done. */
async function openNames(store: Store): Promise<string[]> {
  const query = store.builder
    .selectFrom('events as e')
    .leftJoin('deliveries as d', 'd.seq', 'e.seq')
    .select(['e.interaction_id', 'e.type', 'd.state']);
  const rows = (await store.query(query)).filter(({ state }) => state !== 'done');
  return rows.map(({ interaction_id: id, type }) => nameOf(String(id), String(type)));
}
