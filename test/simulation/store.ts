import type { OperationName, Operations } from '../../src/store/operations.js';
import type { AppendedReceipt, ClaimOffer, ReceiptDraft } from '../../src/store/records.js';

/** Deliveries of one operator's command that one transaction touches: so few that replays take several. */
export const BATCH = 3;

/** What a step does to the store, each in a transaction. */
export interface Operated {
  call<N extends OperationName>(name: N, args: Operations[N]['args']): Promise<Operations[N]['result']>;
  /** Appends receipts as one group. */
  append(drafts: readonly ReceiptDraft[], offer: ClaimOffer | undefined): Promise<readonly AppendedReceipt[]>;
}

/** The real store, driven without threads and timers, and emptied between runs, which is faster than a new one. */
export interface SimulatedStore extends Operated {
  rows<R extends object>(query: string): Promise<R[]>;
  /** Does something in a transaction that does not commit. */
  tear(work: (store: Operated) => Promise<unknown>): Promise<void>;
  /** As a new process would find it. */
  reopen(): Promise<void>;
  empty(): Promise<void>;
  /** Every row of every table, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}
