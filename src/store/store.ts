import type { Compilable, Kysely } from 'kysely';

import type { OperationName, Operations } from './operations.js';
import type { AppendedReceipt, AuditDraft, ClaimOffer, QuarantineDraft, ReceiptDraft } from './records.js';
import type { Schema } from './schema.js';

/** How a {@link Store} is opened. */
export interface StoreOptions {
  /** Appends that may wait at once; more are refused with `OverloadedError`. */
  readonly maxPending: number;
  /** Whether the schema is brought up to date; if not, it must be. */
  readonly migrate?: boolean;
}

/** A group of writes that was committed, or could not be. */
export interface Commit {
  /** Receipts in it. */
  readonly receipts: number;
  /** From when it was handed over until it was on disk. */
  readonly milliseconds: number;
  /** Whether nothing of it was stored. */
  readonly failed: boolean;
}

/**
 * The durable store: receipts, events, deliveries, quarantine. A promise that resolves means: on disk.
 *
 * What an engine does in its own way is behind this class; `openStore` knows which one is meant.
 */
export abstract class Store {
  /** Builds queries for {@link query} and {@link read}; it runs none itself. */
  abstract readonly builder: Kysely<Schema>;

  /**
   * False until a database that was absent at the start has come. All fails with `StoreUnavailableError` until
   * then, but `register`, which waits.
   */
  abstract readonly isOpen: boolean;

  /** How many requests wait for the disk. */
  abstract get backlog(): number;

  /** Told of every group of writes. */
  protected committed: (commit: Commit) => void = () => undefined;

  /** Calls back after every commit, and after every group of writes that could not be committed: for metrics. */
  onCommit(report: (commit: Commit) => void): void {
    this.committed = report;
  }

  /**
   * Lets appended deliveries be claimed for a worker in the transaction that appends them.
   *
   * @param onLost called when an answer was lost that could have named claims of the worker: it may hold
   * deliveries that it does not know of.
   */
  abstract offerClaims(offer: () => ClaimOffer | undefined, onLost?: () => void): void;

  /**
   * Appends a receipt with its events and their deliveries: all or none, on disk when it resolves.
   *
   * @throws OverloadedError when too many wait already; nothing was stored.
   * @throws StoreUnavailableError when the store did not confirm it. Append it again: what was stored all the
   * same is a duplicate then.
   */
  abstract append(draft: ReceiptDraft): Promise<AppendedReceipt>;

  /**
   * Puts a payload into quarantine: it waits for the disk as an append does, and is refused as one.
   *
   * @throws OverloadedError, StoreUnavailableError when nothing was stored, or nobody knows.
   */
  abstract quarantine(draft: QuarantineDraft): Promise<void>;

  /**
   * Runs one operation, in a transaction.
   *
   * @param audit entered into the audit log in the same transaction.
   */
  abstract call<N extends OperationName>(
    name: N,
    args: Operations[N]['args'],
    audit?: AuditDraft,
  ): Promise<Operations[N]['result']>;

  /**
   * Runs a query of {@link builder}.
   *
   * @example
   * const rows = await store.query(store.builder.selectFrom('listeners').select(['id', 'name']));
   */
  abstract query<R>(query: Compilable<R>): Promise<R[]>;

  /**
   * Runs a query of {@link builder} that only reads, beside the writes and not between them: it sees whatever
   * was committed before it began, and delays no commit however long it takes.
   *
   * @throws StoreUnavailableError when the query fails.
   * @example
   * const [row] = await store.read(store.builder.selectFrom('events').selectAll().where('seq', '=', 1));
   */
  abstract read<R>(query: Compilable<R>): Promise<R[]>;

  /**
   * Up to which `seq` the log is complete: no event will ever appear at or below it that is not there now.
   * Whoever reads "everything after" must stop here: several processes append at once, and a larger `seq` may
   * be committed before a smaller one.
   */
  abstract horizon(): Promise<number>;

  /**
   * Calls back when another process has made deliveries due. A hint, and no more: some get lost, so poll too.
   * Engines on which processes cannot tell each other never call.
   */
  abstract onWake(wake: () => void): void;

  /** Finishes what waits, and closes. */
  abstract close(): Promise<void>;
}
