import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Compilable,
} from 'kysely';

import { OverloadedError, StoreOpenError, StoreUnavailableError } from './errors.js';
import type { AppendedReceipt, ClaimOffer, QuarantineDraft, ReceiptDraft } from './records.js';
import type { Schema } from './schema.js';
import type { Call, Opened, OperationName, Operations, PackedReceipts, Reply } from './sqlite/protocol.js';
import { SqliteReader } from './sqlite/reader-client.js';

/** Receipts of one commit at the most: it bounds how long the last of them waits for the others. */
const GROUP_LIMIT = 512;
/**
 * Milliseconds from the start of one commit to the start of the next, at least. Alone, a call never waits for
 * it; under load it makes groups large enough that waking a thread and syncing the disk cost little each.
 */
const COMMIT_INTERVAL_MS = 4;
/** Bytes of bodies that may wait at once, however few requests they are. */
const PENDING_BYTES_LIMIT = 16 * 1024 * 1024;
/** The same for the receipts of one commit. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** What an event takes beside its bytes, about: a body can be nothing but thousands of small events. */
const EVENT_BYTES = 256;
/** Heap of the store's thread: garbage is collected early, not when gigabytes of it have gathered. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };

/** How a {@link Store} is opened. */
export interface StoreOptions {
  /** The SQLite file. */
  readonly file: string;
  /** Appends that may wait at once; more are refused with {@link OverloadedError}. */
  readonly maxPending: number;
}

interface Waiting<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The durable store: receipts, events, deliveries, quarantine.
 *
 * Group commit: while the store's thread commits, calls gather here, and the next transaction takes all of
 * them. A slow disk makes groups larger, not the event loop slower. A promise that resolves means: on disk.
 */
export class Store {
  /** Builds queries for {@link query}; it runs none itself. */
  readonly builder = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });

  private appends: (Waiting<AppendedReceipt> & { draft: ReceiptDraft })[] = [];
  private calls: (Waiting<never> & { call: Call })[] = [];
  private committing: ((reply: Reply) => void) | undefined;
  private scheduled = false;
  private lastCommit = 0;
  private pending = 0;
  private pendingBytes = 0;
  private closing: { resolve: () => void } | undefined;
  private broken: StoreUnavailableError | undefined;
  private readonly reader: SqliteReader;
  /** Asked at each commit, so that appended deliveries can be claimed in the same transaction. */
  private offer: () => ClaimOffer | undefined = () => undefined;

  private constructor(
    worker: Worker,
    private readonly port: MessagePort,
    private readonly options: StoreOptions,
    onBroken: (error: Error) => void,
  ) {
    this.reader = new SqliteReader(options.file);
    port.on('message', (reply: Reply) => {
      const settle = this.committing;
      this.committing = undefined;
      settle?.(reply);
      this.schedule();
    });
    worker.on('error', (error: Error) => this.breakDown(error, onBroken));
    worker.on('exit', () => {
      if (this.closing !== undefined) this.closing.resolve();
      else this.breakDown(new Error('its thread ended'), onBroken);
    });
  }

  /**
   * Opens the store, makes it where it is missing, and brings its schema up to date.
   *
   * @param onBroken called once if the store's thread dies, after which nothing can be stored any more.
   * @throws StoreOpenError that says what to do.
   * @example
   * const store = await Store.open({ file: './data/interactions.db', maxPending: 2000 });
   */
  static async open(
    options: StoreOptions,
    onBroken: (error: Error) => void = () => undefined,
  ): Promise<Store> {
    // A channel of our own: on the thread's, Node itself talks too (`node --watch`).
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./sqlite/worker.js', import.meta.url), {
      workerData: { file: options.file, port: port2 },
      transferList: [port2],
      resourceLimits: WORKER_LIMITS,
    });
    const opened = await new Promise<Opened>((resolve) => {
      port.once('message', resolve);
      worker.once('error', (error: Error) => {
        resolve({ opened: false, message: `The store's thread cannot start: ${error.message}` });
      });
    });
    if (!opened.opened) throw new StoreOpenError(opened.message);
    return new Store(worker, port, options, onBroken);
  }

  /** Lets appended deliveries be claimed for a worker in the transaction that appends them. */
  offerClaims(offer: () => ClaimOffer | undefined): void {
    this.offer = offer;
  }

  /** How many requests wait for the disk. */
  get backlog(): number {
    return this.pending;
  }

  /**
   * Appends a receipt with its events and their deliveries: all or none, on disk when it resolves.
   *
   * @throws OverloadedError when too many wait already; nothing was stored.
   * @throws StoreUnavailableError when the disk did not take it; nothing was stored.
   */
  append(draft: ReceiptDraft): Promise<AppendedReceipt> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    const weight = weightOf(draft);
    if (this.isFull(weight)) return Promise.reject(new OverloadedError());
    this.pending++;
    this.pendingBytes += weight;
    return new Promise((resolve, reject) => {
      this.appends.push({ draft, resolve, reject });
      this.schedule();
    });
  }

  /**
   * Puts a payload into quarantine: it waits for the disk as an append does, and is refused as one.
   *
   * @throws OverloadedError, StoreUnavailableError when nothing was stored.
   */
  async quarantine(draft: QuarantineDraft): Promise<void> {
    const { length } = draft.body;
    if (this.isFull(length)) throw new OverloadedError();
    this.pending++;
    this.pendingBytes += length;
    try {
      await this.call('quarantine', draft);
    } finally {
      this.pending--;
      this.pendingBytes -= length;
    }
  }

  /** Runs one operation, in one transaction with whatever waits beside it. */
  call<N extends OperationName>(name: N, args: Operations[N]['args']): Promise<Operations[N]['result']> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.calls.push({ call: { name, args }, resolve, reject });
      this.schedule();
    });
  }

  /**
   * Runs a query of {@link builder}.
   *
   * @example
   * const rows = await store.query(store.builder.selectFrom('listeners').select(['id', 'name']));
   */
  async query<R>(query: Compilable<R>): Promise<R[]> {
    const { sql, parameters } = query.compile();
    return (await this.call('query', { sql, parameters })) as R[];
  }

  /**
   * Runs a query of {@link builder} that only reads, beside the writes and not between them: it sees whatever
   * was committed before it began, and delays no commit however long it takes.
   *
   * @throws StoreUnavailableError when the query fails.
   * @example
   * const [row] = await store.read(store.builder.selectFrom('events').selectAll().where('seq', '=', 1));
   */
  async read<R>(query: Compilable<R>): Promise<R[]> {
    if (this.broken !== undefined) throw this.broken;
    const { sql, parameters } = query.compile();
    return (await this.reader.read(sql, parameters)) as R[];
  }

  private isFull(length: number): boolean {
    // One that is larger than the limit by itself, as BODY_LIMIT may allow, is taken while no other waits.
    const tooMuch = this.pending > 0 && this.pendingBytes + length > PENDING_BYTES_LIMIT;
    return tooMuch || this.pending >= this.options.maxPending;
  }

  /** Finishes what waits, and closes. */
  async close(): Promise<void> {
    if (this.broken !== undefined) return;
    while (this.committing !== undefined || this.appends.length > 0 || this.calls.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.broken = new StoreUnavailableError('it is closed');
    await this.reader.close();
    await new Promise<void>((resolve) => {
      this.closing = { resolve };
      this.port.postMessage('close');
    });
  }

  /** Waits for the end of this turn of the event loop: what other sockets brought in it joins the group. */
  private schedule(): void {
    if (this.scheduled || this.committing !== undefined) return;
    if (this.appends.length === 0 && this.calls.length === 0) return;
    this.scheduled = true;
    const commit = (): void => {
      this.scheduled = false;
      this.commit();
    };
    const rest = this.lastCommit + COMMIT_INTERVAL_MS - performance.now();
    if (rest <= 0) setImmediate(commit);
    else setTimeout(commit, rest);
  }

  private commit(): void {
    this.lastCommit = performance.now();
    const appends = this.appends.splice(0, this.groupSize());
    const calls = this.calls.splice(0);
    const group: Call[] = calls.map(({ call }) => call);
    const transfer: ArrayBuffer[] = [];
    if (appends.length > 0) {
      const packed = pack(
        appends.map(({ draft }) => draft),
        this.offer(),
      );
      group.push({ name: 'append', args: packed });
      transfer.push(packed.bodies.buffer as ArrayBuffer);
    }
    this.committing = (reply) => {
      calls.forEach(({ resolve, reject }, i) =>
        settle(reply[i], resolve as (result: unknown) => void, reject),
      );
      if (appends.length > 0) this.settleAppends(appends, reply[calls.length]);
    };
    this.port.postMessage(group, transfer);
  }

  /** How many of the waiting appends one transaction takes: at least one, and not much memory at once. */
  private groupSize(): number {
    let size = 0;
    let weight = 0;
    for (const { draft } of this.appends.slice(0, GROUP_LIMIT)) {
      weight += weightOf(draft);
      if (size > 0 && weight > GROUP_BYTES) break;
      size++;
    }
    return size;
  }

  private settleAppends(appends: typeof this.appends, outcome: Reply[number] | undefined): void {
    this.pending -= appends.length;
    for (const { draft } of appends) this.pendingBytes -= weightOf(draft);
    for (const [i, { resolve, reject }] of appends.entries()) {
      settle(outcome, (result) => resolve((result as AppendedReceipt[])[i] as AppendedReceipt), reject);
    }
  }

  private breakDown(cause: Error, onBroken: (error: Error) => void): void {
    if (this.broken !== undefined) return;
    this.broken = new StoreUnavailableError(cause.message, { cause });
    const error = this.broken;
    this.committing?.([]);
    for (const { reject } of [...this.appends.splice(0), ...this.calls.splice(0)]) reject(error);
    onBroken(error);
  }
}

function settle(
  outcome: Reply[number] | undefined,
  resolve: (result: unknown) => void,
  reject: (error: Error) => void,
): void {
  if (outcome?.ok === true) resolve(outcome.result);
  else reject(new StoreUnavailableError(outcome === undefined ? 'its thread ended' : outcome.message));
}

function pack(drafts: readonly ReceiptDraft[], offer: ClaimOffer | undefined): PackedReceipts {
  const size = drafts.reduce((sum, { body }) => sum + body.length, 0);
  // Not from Buffer's pool: the whole underlying buffer is handed to the store's thread.
  const bodies = new Uint8Array(new ArrayBuffer(size));
  let offset = 0;
  const receipts = drafts.map(({ channel, body, traceId, secretIndex, receivedAt, events }) => {
    bodies.set(body, offset);
    offset += body.length;
    return { channel, traceId, secretIndex, receivedAt, events, bodyLength: body.length };
  });
  return { receipts, bodies, offer };
}

/** Bytes of memory that a waiting receipt holds, about. */
function weightOf({ body, events }: ReceiptDraft): number {
  return body.length + events.length * EVENT_BYTES;
}
