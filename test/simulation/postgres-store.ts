import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseDatabaseUrl, type PostgresDatabase } from '../../src/config/database.js';
import { createBuilder } from '../../src/store/dialect.js';
import type { OperationName, Operations } from '../../src/store/operations.js';
import {
  APPEND_STATEMENT,
  appendedReceipts,
  appendValues,
  type AppendedRow,
} from '../../src/store/postgres/append-statement.js';
import { Connections, type Connection } from '../../src/store/postgres/connections.js';
import { HANDLERS, type Context } from '../../src/store/postgres/handlers.js';
import type { AppendedReceipt, ClaimOffer, ReceiptDraft } from '../../src/store/records.js';
import { databaseEnv, removeDatabase } from '../support/engine.js';
import { BATCH, type Operated, type SimulatedStore } from './store.js';

/** What the steps write to. */
const TABLES =
  'receipts, events, deliveries, attempts, listeners, workers, quarantine, replays, channels, interactions, transcripts';
const builder = createBuilder('postgres');

class TornError extends Error {}

/** One database, whose clock for leases is that of the simulation. */
export class SimulatedPostgres implements SimulatedStore {
  private connections: Connections;

  private constructor(
    private readonly folder: string,
    private readonly database: PostgresDatabase,
  ) {
    this.connections = new Connections(database, 1);
  }

  static async open(): Promise<SimulatedPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
    const { DATABASE_URL: url = '' } = await databaseEnv(folder);
    const store = new SimulatedPostgres(folder, parseDatabaseUrl(url) as PostgresDatabase);
    await store.rows('create table simulated_clock (now bigint)');
    await store.rows('insert into simulated_clock values (0)');
    await store.rows(`create or replace function lease_clock_v1() returns bigint language sql volatile
      as $$ select now from simulated_clock $$`);
    return store;
  }

  call<N extends OperationName>(name: N, args: Operations[N]['args']): Promise<Operations[N]['result']> {
    return this.connections.use((connection) => operatedBy(connection).call(name, args));
  }

  append(
    drafts: readonly ReceiptDraft[],
    offer: ClaimOffer | undefined,
  ): Promise<readonly AppendedReceipt[]> {
    return this.connections.use((connection) => operatedBy(connection).append(drafts, offer));
  }

  rows<R extends object>(query: string): Promise<R[]> {
    return this.connections.use((connection) => connection.run<R>(query, []));
  }

  async tear(work: (store: Operated) => Promise<unknown>): Promise<void> {
    const torn = this.connections.transaction(async (connection) => {
      await work(operatedBy(connection));
      throw new TornError();
    });
    await torn.catch((error: unknown) => {
      if (!(error instanceof TornError)) throw error;
    });
  }

  async reopen(): Promise<void> {
    await this.connections.close();
    this.connections = new Connections(this.database, 1);
  }

  async empty(): Promise<void> {
    await this.rows(`truncate ${TABLES} restart identity`);
  }

  async dump(): Promise<string> {
    const tables = TABLES.split(', ').map((name) => `(select json_agg(t order by t::text) from ${name} t)`);
    const [row] = await this.rows<{ dump: unknown }>(`select json_build_array(${tables.join(', ')}) as dump`);
    return JSON.stringify(row?.dump);
  }

  async close(): Promise<void> {
    await this.connections.close();
    await removeDatabase(this.folder);
    rmSync(this.folder, { recursive: true });
  }
}

/** What the store does with a connection. */
function operatedBy(connection: Connection): Operated {
  return {
    async call(name, args) {
      if ('leaseMs' in args) await connection.run('update simulated_clock set now = $1', [args.now]);
      type Handler = (context: Context, args: unknown) => Promise<Operations[typeof name]['result']>;
      return (HANDLERS[name] as Handler)({ connection, builder, batch: BATCH }, args);
    },
    async append(drafts, offer) {
      type Row = { readonly appended: readonly AppendedRow[] | null };
      const [row] = await connection.run<Row>(APPEND_STATEMENT, appendValues(drafts, offer), 'append');
      return appendedReceipts(drafts, row?.appended ?? [], offer);
    },
  };
}
