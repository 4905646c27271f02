import { setTimeout as delay } from 'node:timers/promises';

import { Kysely, PostgresDialect, type Compilable } from 'kysely';
import pg from 'pg';

import type { PostgresDatabase } from '../../config/database.js';
import { auditRow } from '../audit.js';
import { createBuilder } from '../dialect.js';
import { StoreOpenError, StoreUnavailableError } from '../errors.js';
import { migrate, requireUpToDate } from '../migrate.js';
import type { OperationName, Operations } from '../operations.js';
import type { AppendedReceipt, AuditDraft, ClaimOffer, QuarantineDraft, ReceiptDraft } from '../records.js';
import { Store, type StoreOptions } from '../store.js';
import { Appender } from './appender.js';
import { connectionOptions, Connections, type Connection } from './connections.js';
import { isAbsent, isPassing, mayBeDone, reasonOf } from './failures.js';
import { HANDLERS, type Context } from './handlers.js';
import { horizonOf } from './operations.js';
import { Wake } from './wake.js';

/** Connections for what must not wait: appends, claims, results. Those of the appender and some beside. */
const CONNECTIONS = 8;
/** Connections for queries that only read: they cannot keep the others waiting. */
const READERS = 3;
/** Deliveries of an operator's command that one transaction touches: each interaction of them is a lock. */
const BATCH = 200;
/** Between two looks for a database that was absent at the start. */
const LOOK_MS = 500;
/** How often a statement is tried that fails for what passes: a deadlock, a serialization failure. */
const TRIES = 3;

/** A standby does once it is promoted. */
const TAKES_WRITES = `select current_setting('transaction_read_only') = 'off' as takes_writes`;

interface Writes {
  readonly takes_writes: boolean;
}

/** The store in a PostgreSQL database, which several processes share. */
export class PostgresStore extends Store {
  readonly builder = createBuilder('postgres');
  private readonly connections: Connections;
  private readonly readers: Connections;
  private readonly appender: Appender;
  private readonly wake: Wake;
  /** What was asked for while the database was absent, and comes before anything is stored. */
  private first: (() => Promise<void>)[] = [];
  private state: 'absent' | 'open' | 'closed' = 'absent';
  private absence = 'it has not answered yet';
  private underWay = 0;

  private constructor(
    private readonly database: PostgresDatabase,
    private readonly options: StoreOptions,
    private readonly batch: number,
  ) {
    super();
    this.connections = new Connections(database, CONNECTIONS);
    this.readers = new Connections(database, READERS, { options: '-c default_transaction_read_only=on' });
    this.wake = new Wake(database);
    this.appender = new Appender(this.connections, () => this.wake.tell(), options.maxPending);
    this.appender.committed = (commit) => this.committed(commit);
  }

  /**
   * Opens the store. A database that does not answer is no failure: it is looked for until it does.
   *
   * @see openStore
   */
  static async open(
    database: PostgresDatabase,
    options: StoreOptions,
    onBroken: (error: Error) => void,
    batch = BATCH,
  ): Promise<PostgresStore> {
    const store = new PostgresStore(database, options, batch);
    try {
      if (!(await store.tryToOpen())) void store.keepTrying(onBroken);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get backlog(): number {
    return this.appender.count;
  }

  offerClaims(offer: () => ClaimOffer | undefined, onLost: () => void = () => undefined): void {
    this.appender.claimant = { offer, onLost };
  }

  onWake(wake: () => void): void {
    this.wake.onWake = wake;
  }

  async append(draft: ReceiptDraft): Promise<AppendedReceipt> {
    this.mustBeOpen();
    return this.appender.append(draft);
  }

  async quarantine(draft: QuarantineDraft): Promise<void> {
    this.mustBeOpen();
    await this.appender.admitInTime(draft.body.length, () => this.call('quarantine', draft));
  }

  async call<N extends OperationName>(
    name: N,
    args: Operations[N]['args'],
    audit?: AuditDraft,
  ): Promise<Operations[N]['result']> {
    if (name === 'register' && this.state === 'absent') {
      return new Promise((resolve, reject) => {
        this.first.push(() => this.carryOut(name, args, audit).then(resolve, reject));
      });
    }
    this.mustBeOpen();
    return this.carryOut(name, args, audit);
  }

  async query<R>(query: Compilable<R>): Promise<R[]> {
    const { sql, parameters } = query.compile();
    return (await this.call('query', { sql, parameters })) as R[];
  }

  async read<R>(query: Compilable<R>): Promise<R[]> {
    this.mustBeOpen();
    return this.run(() => this.readers.use((connection) => connection.query(query)));
  }

  async horizon(): Promise<number> {
    this.mustBeOpen();
    return this.run((connections) => connections.use((connection) => horizonOf({ connection })));
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    await this.appender.drain();
    while (this.underWay > 0) await delay(1);
    await Promise.all([this.connections.close(), this.readers.close(), this.wake.close()]);
  }

  private mustBeOpen(): void {
    if (this.state === 'closed') throw new StoreUnavailableError('it is closed');
    if (this.state === 'absent') throw new StoreUnavailableError(this.absence);
  }

  private async carryOut<N extends OperationName>(
    name: N,
    args: Operations[N]['args'],
    audit: AuditDraft | undefined,
  ): Promise<Operations[N]['result']> {
    const { builder, batch } = this;
    const handler = HANDLERS[name] as (context: Context, args: unknown) => Promise<Operations[N]['result']>;
    const work = (connection: Connection) => handler({ connection, builder, batch }, args);
    try {
      if (audit === undefined) return await this.run((connections) => connections.use(work));
      return await this.run((connections) =>
        connections.transaction(async (connection) => {
          const result = await work(connection);
          await connection.query(builder.insertInto('audit_log').values(auditRow(audit, result)));
          return result;
        }),
      );
    } catch (error) {
      if (name === 'claim' && mayBeDone((error as Error).cause)) this.appender.claimant.onLost();
      throw error;
    }
  }

  private async run<T>(work: (connections: Connections) => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await work(this.connections);
        } catch (error) {
          if (isPassing(error) && attempt < TRIES) continue;
          if (error instanceof StoreUnavailableError) throw error;
          throw new StoreUnavailableError(reasonOf(error), { cause: error });
        }
      }
    } finally {
      this.underWay--;
    }
  }

  /** @returns false where the database does not answer. */
  private async tryToOpen(): Promise<boolean> {
    const { database: place } = this;
    // Of its own, and without a limit: a step of the schema may take long.
    const options = { ...connectionOptions(place), max: 1, statement_timeout: 0, query_timeout: 0 };
    const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool(options) }) });
    try {
      // The settings first: they are what is wrong, not the schema.
      const [row] = await this.connections.use((connection) => connection.run<Writes>(TAKES_WRITES, []));
      if (row?.takes_writes === false) {
        this.absence = `${place.name} takes no writes: it is a standby, or read-only`;
        return false;
      }
      const schema = { db, engine: 'postgres', name: place.name } as const;
      await (this.options.migrate === false ? requireUpToDate(schema) : migrate(schema));
    } catch (error) {
      const cause = error instanceof StoreUnavailableError ? error.cause : error;
      if (cause instanceof StoreOpenError && !isAbsent(cause.cause)) throw cause;
      this.absence = `${place.name} cannot be reached: ${reasonOf(cause)}`;
      if (isAbsent(cause)) return false;
      throw new StoreOpenError(
        `The store ${place.name} cannot be opened: ${reasonOf(cause)}. Check DATABASE_URL, and that its user may create tables there.`,
        { cause },
      );
    } finally {
      await db.destroy();
    }
    // Listeners first: an event that was stored before them would have no deliveries.
    for (const call of this.first.splice(0)) await call();
    if (this.state === 'absent') this.state = 'open';
    this.wake.listen();
    return true;
  }

  private async keepTrying(onBroken: (error: Error) => void): Promise<void> {
    try {
      do await delay(LOOK_MS);
      while (this.state === 'absent' && !(await this.tryToOpen()));
    } catch (error) {
      onBroken(error as Error);
    }
  }
}
