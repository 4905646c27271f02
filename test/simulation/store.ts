import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SqliteEngine } from '../../src/store/sqlite/engine.js';

/** A file system in memory, where the system has one: what a power cut would leave is not the question here. */
const MEMORY = '/dev/shm';

/** Deliveries of one operator's command that one transaction touches: so few that replays take several. */
export const BATCH = 3;

/** One file of the real store, driven on this thread and emptied between runs, which is faster than a new one. */
export class SimulatedStore {
  private constructor(
    private readonly folder: string,
    private current: SqliteEngine,
  ) {}

  static async open(): Promise<SimulatedStore> {
    const parent = statSync(MEMORY, { throwIfNoEntry: false })?.isDirectory() === true ? MEMORY : tmpdir();
    const folder = mkdtempSync(join(parent, 'simulation-'));
    return new SimulatedStore(folder, await openEngine(folder));
  }

  get engine(): SqliteEngine {
    return this.current;
  }

  /** As a new process would find it. */
  async reopen(): Promise<void> {
    this.current.close();
    this.current = await openEngine(this.folder);
  }

  empty(): void {
    for (const table of this.tables()) this.current.query(`delete from ${table}`, []);
    this.current.query('delete from sqlite_sequence', []);
  }

  /** Every row of every table, as text. */
  dump(): string {
    return JSON.stringify(this.tables().map((table) => this.current.query(`select * from ${table}`, [])));
  }

  close(): void {
    this.current.close();
    rmSync(this.folder, { recursive: true });
  }

  private tables(): string[] {
    const query = `select name from sqlite_master where type = 'table' and name not glob 'sqlite_*' and name not glob 'kysely_*'`;
    return (this.current.query(query, []) as { name: string }[]).map(({ name }) => name);
  }
}

async function openEngine(folder: string): Promise<SqliteEngine> {
  const engine = await SqliteEngine.open(join(folder, 'store.db'), BATCH);
  engine.query('pragma synchronous = off', []);
  return engine;
}
