import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { OperationName, Operations } from '../../src/store/operations.js';
import type { AppendedReceipt, ClaimOffer, ReceiptDraft } from '../../src/store/records.js';
import { SqliteEngine } from '../../src/store/sqlite/engine.js';
import { HANDLERS } from '../../src/store/sqlite/handlers.js';
import { BATCH, type Operated, type SimulatedStore } from './store.js';

/** A file system in memory, where the system has one: what a power cut would leave is not the question here. */
const MEMORY = '/dev/shm';

/** One file, on this thread. */
export class SimulatedSqlite implements SimulatedStore {
  /** Inside {@link tear}, which has begun a transaction. */
  private torn = false;

  private constructor(
    private readonly folder: string,
    private engine: SqliteEngine,
  ) {}

  static async open(): Promise<SimulatedSqlite> {
    const parent = statSync(MEMORY, { throwIfNoEntry: false })?.isDirectory() === true ? MEMORY : tmpdir();
    const folder = mkdtempSync(join(parent, 'simulation-'));
    return new SimulatedSqlite(folder, await openEngine(folder));
  }

  call<N extends OperationName>(name: N, args: Operations[N]['args']): Promise<Operations[N]['result']> {
    const handler = HANDLERS[name] as (engine: SqliteEngine, args: unknown) => Operations[N]['result'];
    return this.do(() => handler(this.engine, args));
  }

  append(drafts: readonly ReceiptDraft[], offer: ClaimOffer | undefined): Promise<AppendedReceipt[]> {
    return this.do(() => this.engine.log.append(drafts, offer));
  }

  rows<R extends object>(query: string): Promise<R[]> {
    return Promise.resolve(this.engine.query(query, []) as R[]);
  }

  async tear(work: (store: Operated) => Promise<unknown>): Promise<void> {
    this.engine.query('begin immediate', []);
    this.torn = true;
    try {
      await work(this);
    } finally {
      this.torn = false;
      this.engine.query('rollback', []);
    }
  }

  async reopen(): Promise<void> {
    this.engine.close();
    this.engine = await openEngine(this.folder);
  }

  empty(): Promise<void> {
    for (const table of this.tables()) this.engine.query(`delete from ${table}`, []);
    this.engine.query('delete from sqlite_sequence', []);
    return Promise.resolve();
  }

  dump(): Promise<string> {
    const tables = this.tables().map((table) => this.engine.query(`select * from ${table}`, []));
    return Promise.resolve(JSON.stringify(tables));
  }

  close(): Promise<void> {
    this.engine.close();
    rmSync(this.folder, { recursive: true });
    return Promise.resolve();
  }

  private do<T>(work: () => T): Promise<T> {
    return Promise.resolve(this.torn ? work() : this.engine.transaction(work));
  }

  private tables(): string[] {
    const query = `select name from sqlite_master where type = 'table' and name not glob 'sqlite_*' and name not glob 'kysely_*'`;
    return (this.engine.query(query, []) as { name: string }[]).map(({ name }) => name);
  }
}

async function openEngine(folder: string): Promise<SqliteEngine> {
  const engine = await SqliteEngine.open(join(folder, 'store.db'), BATCH);
  engine.query('pragma synchronous = off', []);
  return engine;
}
