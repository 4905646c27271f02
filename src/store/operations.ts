/** What a store can be asked to do beside appending: names, arguments and results. Both engines do all of it. */

import type {
  ClaimedDelivery,
  DeliveryFilter,
  EventFilter,
  ListenerDeclaration,
  QuarantineDraft,
  Settlement,
} from './records.js';

/* eslint-disable @typescript-eslint/no-invalid-void-type -- a result is the return type of its handler */
/** The operations of the store, each atomic. Times are milliseconds since 1970. */
export interface Operations {
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
  retain: {
    args: { part: 'log' | 'kept'; before: number; now: number };
    result: Retained;
  };
  query: { args: { sql: string; parameters: readonly unknown[] }; result: unknown[] };
}

export type OperationName = keyof Operations;

/** One batch of an operator's command. */
export interface BatchArgs {
  readonly filter: DeliveryFilter;
  readonly now: number;
  /** Where the batch before ended. */
  readonly after?: BatchPosition | undefined;
}

/** What one step of the retention did. */
export interface Retained {
  /** Events that are gone. */
  readonly removed: number;
  /** Whether there may be more to do. */
  readonly more: boolean;
}

/** Names a claimed delivery. */
export interface ClaimRef {
  readonly seq: number;
  readonly listenerId: number;
}

/** What a worker would take of a listener's due deliveries. */
export interface Wanted {
  readonly listenerId: number;
  readonly limit: number;
}

/** What a claim brought, and when the next delivery of each listener falls due. */
export interface Claimed {
  readonly deliveries: readonly ClaimedDelivery[];
  /** By listener id; absent when nothing more is pending. Milliseconds since 1970. */
  readonly nextDue: Readonly<Record<number, number>>;
}

/** What a group of settlements led to. */
export interface Settled {
  readonly voided: number;
  readonly steppedUp: number;
}

/** The last delivery of a batch. */
export interface BatchPosition {
  readonly seq: number;
  readonly listenerId: number;
}

/** How far a batch came. */
export interface BatchResult {
  /** Deliveries it changed. */
  readonly count: number;
  /** Where the next batch goes on, if there may be more. */
  readonly next: BatchPosition | undefined;
}

/** Whether replays or backfills went on, and which listeners are paused. */
export interface Advanced {
  /** False when there are none, and when each waits for its listener to have less to do. */
  readonly moved: boolean;
  /** What a worker has claimed of these and not begun is to be given back. */
  readonly paused: readonly number[];
}
