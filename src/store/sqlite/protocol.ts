/** What the service and the store's thread say to each other. */

import type { Operations } from '../operations.js';
import type { AppendedReceipt, AuditDraft, ClaimOffer, ReceiptDraft } from '../records.js';

/** What the thread can be asked to do: the operations of a store, and to append. */
export interface ThreadOperations extends Operations {
  append: { args: PackedReceipts; result: readonly AppendedReceipt[] };
}

export type ThreadOperationName = keyof ThreadOperations;

/** Receipts whose bodies lie end to end in one buffer: that one crosses the thread, not hundreds. */
export interface PackedReceipts {
  readonly receipts: readonly (Omit<ReceiptDraft, 'body'> & { readonly bodyLength: number })[];
  readonly bodies: Uint8Array;
  readonly offer: ClaimOffer | undefined;
}

/** One operation. */
export interface Call<N extends ThreadOperationName = ThreadOperationName> {
  readonly name: N;
  readonly args: ThreadOperations[N]['args'];
  readonly audit?: AuditDraft | undefined;
}

/** The outcome of each call of a group, in its order. */
export type Reply = readonly (
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string }
)[];

/** Failures that no other call would be spared. */
export const STORE_WIDE = /^SQLITE_(BUSY|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)/;

/** The first message of the thread. */
export type Opened = { readonly opened: true } | { readonly opened: false; readonly message: string };

/** A query for the reading thread. */
export interface Question {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Its rows, or why there are none. */
export type Answer =
  { readonly id: number; readonly rows: unknown[] } | { readonly id: number; readonly error: string };
