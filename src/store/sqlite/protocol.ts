/** What the service and the store's thread say to each other. */

import type {
  AppendedReceipt,
  ClaimOffer,
  DeliveryFilter,
  EventFilter,
  ListenerDeclaration,
  QuarantineDraft,
  ReceiptDraft,
  Settlement,
} from '../records.js';
import type { Claimed, Settled, Wanted } from './deliveries.js';
import type { Advanced, BatchPosition, BatchResult } from './operations.js';

/* eslint-disable @typescript-eslint/no-invalid-void-type -- a result is the return type of its handler */
/** The operations of the store, each atomic: their arguments and results. */
export interface Operations {
  append: { args: PackedReceipts; result: readonly AppendedReceipt[] };
  quarantine: { args: QuarantineDraft; result: void };
  register: {
    args: { listeners: readonly ListenerDeclaration[]; now: number };
    result: Record<string, number>;
  };
  claim: { args: { owner: number; wanted: readonly Wanted[]; now: number }; result: Claimed };
  settle: { args: { settlements: readonly Settlement[]; now: number }; result: Settled };
  release: { args: { owner: number; claims: readonly ClaimRef[]; now: number }; result: void };
  enroll: { args: { pid: number; now: number; leaseMs: number }; result: number };
  heartbeat: { args: { owner: number; now: number; leaseMs: number }; result: boolean };
  retire: { args: { owner: number; now: number; begun: boolean }; result: void };
  retry: { args: BatchArgs; result: BatchResult };
  discard: { args: BatchArgs; result: BatchResult };
  countReplay: {
    args: { listenerId: number; filter: EventFilter; after: number };
    result: { count: number; next: number | undefined };
  };
  startReplay: { args: { listenerId: number; filter: EventFilter; now: number }; result: number };
  advance: { args: { now: number }; result: Advanced };
  setPaused: { args: { listenerId: number; paused: boolean }; result: void };
  query: { args: { sql: string; parameters: readonly unknown[] }; result: unknown[] };
}

/** One batch of an operator's command. */
export interface BatchArgs {
  readonly filter: DeliveryFilter;
  readonly now: number;
  /** Where the batch before ended. */
  readonly after?: BatchPosition | undefined;
}

export type OperationName = keyof Operations;

/** Names a claimed delivery. */
export interface ClaimRef {
  readonly seq: number;
  readonly listenerId: number;
}

/** Receipts whose bodies lie end to end in one buffer: that one crosses the thread, not hundreds. */
export interface PackedReceipts {
  readonly receipts: readonly (Omit<ReceiptDraft, 'body'> & { readonly bodyLength: number })[];
  readonly bodies: Uint8Array;
  readonly offer: ClaimOffer | undefined;
}

/** One operation. */
export interface Call<N extends OperationName = OperationName> {
  readonly name: N;
  readonly args: Operations[N]['args'];
}

/** The outcome of each call of a group, in its order. */
export type Reply = readonly (
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string }
)[];

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
