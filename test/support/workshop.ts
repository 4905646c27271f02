import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Environment } from '../../src/config/app-config.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import type { DeliveryState } from '../../src/store/schema.js';
import { databaseEnv, databaseOf, removeDatabase } from './engine.js';
import { ServiceProcess } from './service-process.js';

/** A data folder, the processes that share it, and what their listeners wrote down. */
export class Workshop {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
  private readonly journalFile = join(this.dataDir, 'journal');
  private readonly processes: ServiceProcess[] = [];
  private opened: Promise<Store> | undefined;

  /** Starts a service on the folder; `listeners` is the path of a module. */
  async start(listeners?: string, env: Environment = {}): Promise<ServiceProcess> {
    const loaded =
      listeners === undefined ? {} : { LISTENERS: resolve(listeners), JOURNAL: this.journalFile };
    const database = await databaseEnv(this.dataDir);
    const service = ServiceProcess.spawn(this.dataDir, { ...loaded, ...database, ...env });
    this.processes.push(service);
    return service.ready();
  }

  /** What the listeners wrote, line by line. */
  get journal(): string[] {
    if (!existsSync(this.journalFile)) return [];
    return readFileSync(this.journalFile, 'utf8').split('\n').slice(0, -1);
  }

  /** The state of each delivery, by the id of its interaction. */
  async states(): Promise<Record<string, DeliveryState>> {
    const store = await this.store();
    const rows = await store.query(
      store.builder
        .selectFrom('deliveries as d')
        .innerJoin('events as e', 'e.seq', 'd.seq')
        .select(['e.interaction_id', 'd.state']),
    );
    return Object.fromEntries(
      rows.map((row): [string, DeliveryState] => [String(row.interaction_id), row.state]),
    );
  }

  /** Lets the leases of all processes end now, which otherwise takes seconds after one has died. */
  async endLeases(): Promise<void> {
    const store = await this.store();
    await store.query(store.builder.updateTable('workers').set({ lease_until: 0 }));
  }

  /** The store that the processes work on, as one more process sees it. */
  store(): Promise<Store> {
    return (this.opened ??= databaseOf(this.dataDir).then((database) =>
      openStore(database, { maxPending: 1 }),
    ));
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((service) => service.end('SIGKILL')));
    await (await this.opened)?.close();
    await removeDatabase(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
