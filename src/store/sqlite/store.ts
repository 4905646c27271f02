import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import type { Compilable } from 'kysely';

import type { SqliteDatabase } from '../../config/database.js';
import { createBuilder } from '../dialect.js';
import { OverloadedError, StoreOpenError, StoreUnavailableError } from '../errors.js';
import type { OperationName, Operations } from '../operations.js';
import { Pending, weightOf } from '../pending.js';
import type { AppendedReceipt, AuditDraft, ClaimOffer, QuarantineDraft, ReceiptDraft } from '../records.js';
import { Store, type StoreOptions } from '../store.js';
import { STORE_WIDE, type Call, type Opened, type PackedReceipts, type Reply } from './protocol.js';
import { SqliteReader } from './reader-client.js';

/** Receipts of one commit at the most: it bounds how long the last of them waits for the others. */
const GROUP_LIMIT = 512;
/**
 * Milliseconds from the start of one commit to the start of the next, at least. Alone, a call never waits for
 * it; under load it makes groups large enough that waking a thread and syncing the disk cost little each.
 */
const COMMIT_INTERVAL_MS = 4;
/** Bytes of memory that the receipts of one commit hold at the most. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** Heap of the store's thread: garbage is collected early, not when gigabytes of it have gathered. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

interface Waiting<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: Error) => void;
}

type WaitingAppend = Waiting<AppendedReceipt> & { readonly draft: ReceiptDraft };
type WaitingCall = Waiting<never> & { readonly call: Call };

/**
 * What one transaction takes. Data, and no callback: with a closure in its place V8 kept every group until the
 * next collection of the old generation (docs/decisions/0016).
 */
interface Group {
  readonly appends: readonly WaitingAppend[];
  readonly calls: readonly WaitingCall[];
}

/**
 * The store in one SQLite file.
 *
 * Group commit: while the store's thread commits, calls gather here, and the next transaction takes all of
 * them. A slow disk makes groups larger, not the event loop slower.
 */
export class SqliteStore extends Store {
  readonly builder = createBuilder('sqlite');
  readonly isOpen = true;

  private appends: WaitingAppend[] = [];
  private calls: WaitingCall[] = [];
  private committing: Group | undefined;
  private scheduled = false;
  private lastCommit = 0;
  private readonly pending: Pending;
  private closing: { resolve: () => void } | undefined;
  private broken: StoreUnavailableError | undefined;
  private readonly reader: SqliteReader;
  /** Asked at each commit, so that appended deliveries can be claimed in the same transaction. */
  private offer: () => ClaimOffer | undefined = () => undefined;

  private constructor(
    worker: Worker,
    private readonly port: MessagePort,
    file: string,
    { maxPending }: StoreOptions,
    onBroken: (error: Error) => void,
  ) {
    super();
    this.pending = new Pending(maxPending);
    this.reader = new SqliteReader(file);
    port.on('message', (reply: Reply) => {
      this.settle(reply);
      this.schedule();
    });
    worker.on('error', (error: Error) => this.breakDown(error, onBroken));
    worker.on('exit', () => {
      if (this.closing !== undefined) this.closing.resolve();
      else this.breakDown(new Error('its thread ended'), onBroken);
    });
  }

  /** @see openStore */
  static async open(
    { file }: SqliteDatabase,
    options: StoreOptions,
    onBroken: (error: Error) => void,
  ): Promise<SqliteStore> {
    // A channel of our own: on the thread's, Node itself talks too (`node --watch`).
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file, port: port2, migrate: options.migrate ?? true },
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
    return new SqliteStore(worker, port, file, options, onBroken);
  }

  offerClaims(offer: () => ClaimOffer | undefined): void {
    this.offer = offer;
  }

  get backlog(): number {
    return this.pending.count;
  }

  append(draft: ReceiptDraft): Promise<AppendedReceipt> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    if (!this.pending.enter(weightOf(draft))) return Promise.reject(new OverloadedError());
    return new Promise((resolve, reject) => {
      this.appends.push({ draft, resolve, reject });
      this.schedule();
    });
  }

  async quarantine(draft: QuarantineDraft): Promise<void> {
    const { length } = draft.body;
    if (!this.pending.enter(length)) throw new OverloadedError();
    try {
      await this.call('quarantine', draft);
    } finally {
      this.pending.leave(length);
    }
  }

  call<N extends OperationName>(
    name: N,
    args: Operations[N]['args'],
    audit?: AuditDraft,
  ): Promise<Operations[N]['result']> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.calls.push({ call: { name, args, audit }, resolve, reject });
      this.schedule();
    });
  }

  async query<R>(query: Compilable<R>): Promise<R[]> {
    const { sql, parameters } = query.compile();
    return (await this.call('query', { sql, parameters })) as R[];
  }

  async read<R>(query: Compilable<R>): Promise<R[]> {
    if (this.broken !== undefined) throw this.broken;
    const { sql, parameters } = query.compile();
    return (await this.reader.read(sql, parameters)) as R[];
  }

  async horizon(): Promise<number> {
    const last = this.builder.selectFrom('events').select((q) => q.fn.max('seq').as('seq'));
    return (await this.query(last))[0]?.seq ?? 0;
  }

  onWake(): void {
    // Processes that share a file cannot tell each other.
  }

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
    const messages: Call[] = calls.map(({ call }) => call);
    const transfer: ArrayBuffer[] = [];
    if (appends.length > 0) {
      const packed = pack(
        appends.map(({ draft }) => draft),
        this.offer(),
      );
      messages.push({ name: 'append', args: packed });
      transfer.push(packed.bodies.buffer as ArrayBuffer);
    }
    this.committing = { appends, calls };
    this.port.postMessage(messages, transfer);
  }

  private settle(reply: Reply): void {
    if (this.committing === undefined) return;
    const { appends, calls } = this.committing;
    this.committing = undefined;
    calls.forEach(({ resolve, reject }, i) => settle(reply[i], resolve as (result: unknown) => void, reject));
    if (appends.length > 0) this.settleAppends(appends, reply[calls.length]);
    this.committed({
      receipts: appends.length,
      milliseconds: performance.now() - this.lastCommit,
      failed: !reply.some(({ ok }) => ok),
    });
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

  private settleAppends(appends: readonly WaitingAppend[], outcome: Reply[number] | undefined): void {
    if (appends.length > 1 && outcome?.ok === false && !STORE_WIDE.test(outcome.code ?? '')) {
      this.appendOneByOne(appends);
      return;
    }
    for (const { draft } of appends) this.pending.leave(weightOf(draft));
    for (const [i, { resolve, reject }] of appends.entries()) {
      settle(outcome, (result) => resolve((result as AppendedReceipt[])[i] as AppendedReceipt), reject);
    }
  }

  /** One of them is at fault. As calls of their own they are before all that came later, and fail alone. */
  private appendOneByOne(appends: readonly WaitingAppend[]): void {
    for (const { draft, resolve, reject } of appends) {
      const settled = (): void => this.pending.leave(weightOf(draft));
      this.calls.push({
        call: { name: 'append', args: pack([draft], undefined) },
        resolve: (receipts: readonly AppendedReceipt[]) => {
          settled();
          resolve(receipts[0] as AppendedReceipt);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    }
  }

  private breakDown(cause: Error, onBroken: (error: Error) => void): void {
    if (this.broken !== undefined) return;
    this.broken = new StoreUnavailableError(cause.message, { cause });
    const error = this.broken;
    this.settle([]);
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
