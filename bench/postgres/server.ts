import { readdirSync, readFileSync } from 'node:fs';

import pg from 'pg';

import { parseDatabaseUrl } from '../../src/config/database.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { PostgresServer } from '../../test/support/postgres-server.js';

/** The name of the listener in ../listeners/counting.module.js: deliveries are made for it. */
const LISTENER = { name: 'bench-count', from: 'now', filter: {} } as const;
/** The unit of CPU time in /proc/<pid>/stat on every Linux that Node runs on. */
const TICK_MS = 10;

/** The server of a run: an empty database for each measurement, and what the server itself has used. */
export class BenchServer {
  private databases = 0;

  private constructor(
    private readonly server: PostgresServer,
    private readonly client: pg.Client,
    private readonly postmaster: string,
  ) {}

  static async start(): Promise<BenchServer> {
    const server = await PostgresServer.start(['max_wal_size=4GB']);
    const client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new BenchServer(server, client, stat(String(rows[0]?.pid))?.parent ?? '');
  }

  /** A line about the server, and that it does what a commit promises. */
  async describe(): Promise<string> {
    const shown = ['server_version', 'fsync', 'synchronous_commit', 'shared_buffers'];
    const settings: string[] = [];
    for (const name of shown) settings.push(`${name} ${await this.show(name)}`);
    if ((await this.show('fsync')) !== 'on') throw new Error('fsync is off: nothing would be measured.');
    return `PostgreSQL: ${settings.join(', ')}`;
  }

  /** A database with our schema and one listener, and its store. */
  async database(): Promise<{ url: string; store: Store; listenerId: number }> {
    const name = `bench_${++this.databases}`;
    await this.client.query(`create database ${name}`);
    const url = this.server.url(name);
    const store = await openStore(parseDatabaseUrl(url), { maxPending: 100_000 });
    const ids = await store.call('register', { listeners: [LISTENER], now: Date.now() });
    return { url, store, listenerId: ids[LISTENER.name] ?? 0 };
  }

  /** What is in the memory of the server is written out, so that none pays for the one before. */
  async settle(): Promise<void> {
    await this.client.query('checkpoint');
  }

  /** CPU time of all processes of the server so far; NaN where /proc is missing. */
  cpuMs(): number {
    if (this.postmaster === '') return NaN;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const own = stat(this.postmaster);
    const children = pids.map(stat).filter((process) => process?.parent === this.postmaster);
    const alive = children.reduce((sum, process) => sum + (process?.ticks ?? 0), own?.ticks ?? NaN);
    return (alive + (own?.ticksOfEnded ?? NaN)) * TICK_MS;
  }

  async stop(): Promise<void> {
    await this.client.end();
    await this.server.stop();
  }

  private async show(name: string): Promise<string> {
    const { rows } = await this.client.query<Record<string, string>>(`show ${name}`);
    return rows[0]?.[name] ?? '';
  }
}

/** Of a process: its parent, its CPU time, and that of its children that have ended. */
function stat(pid: string): { parent: string; ticks: number; ticksOfEnded: number } | undefined {
  try {
    // After the name, which is in parentheses and can hold anything: state is field 3, utime 14 to cstime 17.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number) as [number, ...number[]];
    return {
      parent: fields[1] ?? '',
      ticks: user + (system ?? 0),
      ticksOfEnded: (endedUser ?? 0) + (endedSystem ?? 0),
    };
  } catch {
    // It has ended meanwhile, or there is no /proc.
    return undefined;
  }
}
