import type { Compilable } from 'kysely';
import pg, { type ClientBase, type PoolClient, type PoolConfig } from 'pg';

import type { PostgresDatabase } from '../../config/database.js';
import { StoreOpenError, StoreUnavailableError } from '../errors.js';
import { isBroken, reasonOf } from './failures.js';

/** How long a connection may take to come, or one of the pool to be free. */
const CONNECT_TIMEOUT_MS = 2_000;
/** How long a statement may run on the server, unless a deadline of its own comes first. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** How long an answer is waited for: longer than the server has, which then says why there is none. */
const ANSWER_TIMEOUT_MS = 12_000;
/**
 * How long a transaction may wait for its next statement. A process that stands still in the middle of one
 * would keep its locks, and others from storing anything.
 */
const IDLE_IN_TRANSACTION_MS = 2_000;
const IDLE_CONNECTION_MS = 60_000;
const KEEPALIVE_MS = 10_000;
const LEAST_VERSION = 14;
/** Settings of `synchronous_commit` under which a commit is on the disk when it is confirmed. */
const SYNCED = ['on', 'remote_apply', 'remote_write'];

const { builtins } = pg.types;

/** How values come back: as SQLite gives them. */
const TYPES: PoolConfig['types'] = {
  getTypeParser(oid, format) {
    // `seq` and times are below 2^53, and sums of them.
    if (oid === builtins.INT8 || oid === builtins.NUMERIC) return Number;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- untyped in pg
    return pg.types.getTypeParser(oid, format);
  },
};

/** The settings of every connection. But for the name of the application, the URL cannot change them. */
export function connectionOptions({ url }: PostgresDatabase): PoolConfig {
  const settings: PoolConfig = {
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    types: TYPES,
  };
  return {
    application_name: 'interactions-webhook',
    ...settings,
    connectionString: withoutParameters(url.export().toString(), Object.keys(settings)),
  };
}

/** pg takes what a URL has before what it is given, and as text: `query_timeout=0` would be a millisecond. */
function withoutParameters(text: string, names: readonly string[]): string {
  const url = new URL(text);
  const unwanted = names.filter((name) => url.searchParams.has(name));
  for (const name of unwanted) url.searchParams.delete(name);
  return unwanted.length === 0 ? text : url.href;
}

/** A connection, for as long as it is lent. */
export class Connection {
  constructor(private readonly client: PoolClient) {}

  /** Runs a statement; with a name, the server parses it once for each connection. */
  async run<R extends object>(text: string, values: readonly unknown[], name?: string): Promise<R[]> {
    const query = { text, values: values.map(storable), ...(name !== undefined && { name }) };
    return (await this.client.query<R>(query)).rows;
  }

  query<R>(query: Compilable<R>): Promise<R[]> {
    const { sql, parameters } = query.compile();
    return this.run(sql, parameters) as Promise<R[]>;
  }

  /** Gives up whatever it waits for. What it has sent may be carried out all the same. */
  cut(): void {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

/** A pool of connections. */
export class Connections {
  private readonly pool: pg.Pool;

  constructor(
    private readonly database: PostgresDatabase,
    max: number,
    options: PoolConfig = {},
  ) {
    // The pool waits for it, although its type does not say so: a connection that fails here is none.
    const onConnect: (client: ClientBase) => unknown = (client) => this.check(client);
    this.pool = new pg.Pool({ ...connectionOptions(database), max, onConnect, ...options });
    // An idle connection that ends: the pool has removed it, and the next use makes a new one.
    this.pool.on('error', () => undefined);
  }

  /**
   * Lends a connection.
   *
   * @throws StoreUnavailableError when there is none: nothing was sent.
   * @throws whatever `work` throws; the connection is closed if that was its fault.
   */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      if (error instanceof StoreOpenError) throw error;
      throw new StoreUnavailableError(`${this.database.name} cannot be reached: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    const connection = new Connection(client);
    // Without a listener, one that is cut off while it is lent would end the process; the query is told, too.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let broken = false;
    try {
      return await work(connection);
    } catch (error) {
      broken = isBroken(error);
      // Else the pool would wait for a server that stands still to say goodbye.
      if (broken) connection.cut();
      throw error;
    } finally {
      client.release(broken);
      client.off('error', ignore);
    }
  }

  /** Lends a connection with a transaction that `work` fills. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.use(async (connection) => {
      await connection.run('begin', []);
      try {
        const result = await work(connection);
        await connection.run('commit', []);
        return result;
      } catch (error) {
        if (!isBroken(error)) await connection.run('rollback', []);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Refuses a server on which 200 would not mean stored. Each statement of a function has to see what was
   * committed before it began: where another isolation is the default, a snapshot would be older than its locks.
   */
  private async check(client: ClientBase): Promise<void> {
    const { rows } = await client.query<{ version: number; commit: string; fsync: string }>(
      `select current_setting('server_version_num')::int / 10000 as version,
         current_setting('synchronous_commit') as commit, current_setting('fsync') as fsync,
         set_config('default_transaction_isolation', 'read committed', false)`,
    );
    const [{ version, commit, fsync } = { version: 0, commit: '', fsync: '' }] = rows;
    const { name } = this.database;
    if (version < LEAST_VERSION) {
      throw new StoreOpenError(`${name} is PostgreSQL ${version}; ${LEAST_VERSION} or newer is needed.`);
    }
    if (!SYNCED.includes(commit) || fsync !== 'on') {
      throw new StoreOpenError(
        `${name} has synchronous_commit=${commit} and fsync=${fsync}, with which what was acknowledged could be lost. Set both to on, for its role or its server.`,
      );
    }
  }
}

/** PostgreSQL's text has no U+0000. Events with one are in quarantine (docs/decisions/0012); messages can have it. */
function storable(value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0')) return value.replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  return value;
}
