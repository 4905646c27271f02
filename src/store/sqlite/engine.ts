import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';

import { StoreOpenError } from '../errors.js';
import { migrate, requireUpToDate } from '../migrate.js';
import { prepare } from '../prepared.js';
import type { ListenerDeclaration } from '../records.js';
import type { Schema } from '../schema.js';
import { SqliteDeliveries } from './deliveries.js';
import { SqliteEventLog } from './event-log.js';
import { SqliteOperations } from './operations.js';
import { SqliteQuarantine } from './quarantine.js';
import { SqliteRetention } from './retention.js';

/** Before it, SQLite could lose commits when it reset the WAL while another connection read. */
const LEAST_SQLITE_VERSION = '3.51.3';
/** How long a commit waits for another process to finish its own. */
const BUSY_TIMEOUT_MS = 5_000;
/** WAL pages between checkpoints. The default, 1,000, copies hot index pages back eight times as often. */
const CHECKPOINT_PAGES = 8_000;
const CACHE_KIB = 8 * 1024;
/** `PRAGMA synchronous` as SQLite reports FULL. */
const SYNCHRONOUS_FULL = 2;

/**
 * The store on one SQLite connection. Everything is synchronous, and so belongs on a thread of its own:
 * see `worker.ts`, which runs it, and `store.ts`, which is what the rest of the service sees.
 */
export class SqliteEngine {
  private readonly begin;
  private readonly commit;

  private constructor(
    private readonly sqlite: Database.Database,
    readonly log: SqliteEventLog,
    readonly deliveries: SqliteDeliveries,
    readonly operations: SqliteOperations,
    readonly quarantine: SqliteQuarantine,
    readonly retention: SqliteRetention,
    private readonly insertListener: ReturnType<typeof prepareInsertListener>,
  ) {
    this.begin = sqlite.prepare('BEGIN IMMEDIATE');
    this.commit = sqlite.prepare('COMMIT');
  }

  /**
   * Opens the file, makes it where it is missing, and brings its schema up to date.
   *
   * @param batch how many deliveries of an operator's command one transaction touches, if not the usual.
   * @throws StoreOpenError when the file cannot be used.
   */
  static async open(file: string, batch?: number, migrating = true): Promise<SqliteEngine> {
    const sqlite = connect(file);
    try {
      configure(sqlite, file);
      const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) });
      await prepareSchema(sqlite, db, file, migrating);
      const deliveries = new SqliteDeliveries(sqlite, db);
      return new SqliteEngine(
        sqlite,
        new SqliteEventLog(sqlite, db),
        deliveries,
        new SqliteOperations(sqlite, db, deliveries, batch),
        new SqliteQuarantine(sqlite, db),
        new SqliteRetention(sqlite, db),
        prepareInsertListener(sqlite, db),
      );
    } catch (error) {
      sqlite.close();
      throw error instanceof StoreOpenError ? error : openError(file, error);
    }
  }

  /** Runs `work` in one transaction: on disk when this returns, without effect when it throws. */
  transaction<T>(work: () => T): T {
    this.begin.run();
    try {
      const result = work();
      this.commit.run();
      return result;
    } catch (error) {
      if (this.sqlite.inTransaction) this.sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  /** Enters listeners; the filter of one that is known is brought up to date. */
  register(listeners: readonly ListenerDeclaration[], now: number): Record<string, number> {
    const ids: Record<string, number> = {};
    for (const { name, filter, from } of listeners) {
      const backfill = from === 'beginning' ? 0 : null;
      const row = this.insertListener.get({ name, filter: JSON.stringify(filter), backfill, now });
      if (row !== undefined) ids[name] = row.id;
    }
    return ids;
  }

  /** Runs any statement: the rows of a query, or none. */
  query(sql: string, parameters: readonly unknown[]): unknown[] {
    const statement = this.sqlite.prepare(sql);
    if (statement.reader) return statement.all(parameters);
    statement.run(parameters);
    return [];
  }

  close(): void {
    this.sqlite.close();
  }
}

function prepareInsertListener(sqlite: Database.Database, db: Kysely<Schema>) {
  return prepare<{ name: string; filter: string; backfill: number | null; now: number }, { id: number }>(
    sqlite,
    (p) =>
      db
        .insertInto('listeners')
        .values({ name: p.name, filter: p.filter, backfill_seq: p.backfill, created_at: p.now })
        .onConflict((c) => c.column('name').doUpdateSet({ filter: p.filter }))
        .returning('id'),
  );
}

function connect(file: string): Database.Database {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return new Database(file, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw openError(file, error);
  }
}

function configure(sqlite: Database.Database, file: string): void {
  const { version } = sqlite.prepare('select sqlite_version() as version').get() as { version: string };
  if (version.localeCompare(LEAST_SQLITE_VERSION, 'en', { numeric: true }) < 0) {
    throw new StoreOpenError(`SQLite ${version} is too old; ${LEAST_SQLITE_VERSION} or newer is needed.`);
  }
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  sqlite.pragma(`cache_size = -${CACHE_KIB}`);
  sqlite.pragma('trusted_schema = OFF');
  // better-sqlite3 is built with NORMAL as the default in WAL: a power cut would lose acknowledged events.
  if (sqlite.pragma('synchronous', { simple: true }) !== SYNCHRONOUS_FULL) {
    throw new StoreOpenError(
      `${file}: SQLite did not take synchronous=FULL, without which 200 would be a lie.`,
    );
  }
  if (sqlite.pragma('journal_mode', { simple: true }) !== 'wal') {
    throw new StoreOpenError(
      `${file}: SQLite did not take WAL mode. Is the folder on a network file system?`,
    );
  }
}

async function prepareSchema(
  sqlite: Database.Database,
  db: Kysely<Schema>,
  file: string,
  migrating: boolean,
): Promise<void> {
  const place = { db, engine: 'sqlite', name: file } as const;
  if (!migrating) return requireUpToDate(place);
  // Kysely locks nothing on SQLite: processes that start at once would each make the same tables.
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    await migrate(place, true);
    sqlite.exec('COMMIT');
  } catch (error) {
    sqlite.exec('ROLLBACK');
    throw error;
  }
}

function openError(file: string, error: unknown): StoreOpenError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StoreOpenError(
    `The store ${file} cannot be opened (${code ?? 'error'}: ${message}). Check DATA_DIR and DATABASE_URL, that the folder can be written, and that the disk is not full.`,
    { cause: error },
  );
}
