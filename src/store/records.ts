/** What goes into the store and comes out of it. Everything here crosses a thread, so: plain data. */

import type { Filterable, ListenerFilter } from './filter.js';
import type { AttemptTable, AuditTable, DeliveryState } from './schema.js';

/** An event that is to be appended. */
export interface EventDraft extends Filterable {
  /** Index in `data.entities[]`. */
  readonly position: number;
  readonly interactionId: string | undefined;
  readonly selfUri: string | undefined;
  readonly operationId: string | undefined;
  readonly dedupKey: string;
  readonly interactionKey: string;
}

/** A POST that is to be appended, with its events. */
export interface ReceiptDraft {
  readonly channel: string;
  /** The received bytes. */
  readonly body: Buffer;
  readonly traceId: string | undefined;
  /** Position of the secret that matched. */
  readonly secretIndex: number;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly events: readonly EventDraft[];
}

/** What became of an {@link EventDraft}. */
export interface AppendedEvent {
  /** Position in the log; 0 for a duplicate, which has no effect. */
  readonly seq: number;
  readonly late: boolean;
  /** Listeners whose delivery was claimed for the caller in the same transaction. */
  readonly claimedBy: readonly number[];
  /** The worker that they are claimed for, if any are. */
  readonly owner: number | undefined;
  /** Whether deliveries were made that nobody claimed yet. */
  readonly waiting: boolean;
}

/** What became of a {@link ReceiptDraft}: one entry for each of its events. */
export type AppendedReceipt = readonly AppendedEvent[];

/** How many deliveries a worker would take at once, by listener id. */
export interface ClaimOffer {
  readonly owner: number;
  readonly capacity: Readonly<Record<number, number>>;
}

/** A delivery that is the caller's to run until it settles it or its lease ends. */
export interface ClaimedDelivery {
  readonly listenerId: number;
  /** The worker that it is claimed for. */
  readonly owner: number;
  readonly attempt: number;
  /** Attempts that were made before an operator asked for fresh ones. */
  readonly attemptsBefore: number;
  readonly interactionKey: string;
  readonly event: StoredEvent;
}

/** An event of the log. */
export interface StoredEvent extends Filterable {
  readonly seq: number;
  readonly interactionId: string | undefined;
  readonly selfUri: string | undefined;
  readonly operationId: string | undefined;
  readonly late: boolean;
  readonly traceId: string | undefined;
  readonly receivedAt: number;
}

/** The result of an attempt, to be recorded. Void unless owner and attempt are still those of the claim. */
export interface Settlement {
  readonly seq: number;
  readonly listenerId: number;
  readonly interactionKey: string;
  readonly owner: number;
  readonly attempt: number;
  readonly startedAt: number;
  readonly duration: number;
  readonly result:
    | { readonly state: 'done' }
    | {
        readonly state: 'pending';
        readonly outcome: AttemptTable['outcome'];
        readonly error: string;
        readonly dueAt: number;
      }
    | {
        readonly state: 'dead';
        readonly outcome: AttemptTable['outcome'];
        readonly error: string;
        /** Whether later events of the interaction wait until an operator decides. */
        readonly park: boolean;
      };
}

/** A listener, as the process that has it loaded declares it. */
export interface ListenerDeclaration {
  readonly name: string;
  /** Where a listener begins that the store does not know yet. */
  readonly from: 'now' | 'beginning';
  readonly filter: ListenerFilter;
}

/** An authentic payload that could not be accepted. */
export interface QuarantineDraft {
  readonly channel: string;
  readonly body: Buffer;
  readonly traceId: string | undefined;
  readonly secretIndex: number;
  readonly receivedAt: number;
  /** The faults, one sentence each. */
  readonly errors: readonly string[];
}

/** What an operator does, for the audit log. */
export interface AuditDraft {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly role: AuditTable['role'];
  /** What the request says of its sender. */
  readonly requestedBy: string;
  readonly address: string;
  /** Such as `deliveries.retry`. */
  readonly action: string;
  /** What it is done to; kept as JSON. */
  readonly target: object;
  /** How many it changes. Absent: the `count` of its result, or else 1. */
  readonly count?: number;
}

/** Picks events of the log. */
export interface EventFilter extends ListenerFilter {
  readonly interactionId?: string;
  /** Received at this time or later; milliseconds since 1970. */
  readonly from?: number;
  /** Received before this time. */
  readonly to?: number;
}

/** Picks deliveries. */
export interface DeliveryFilter extends EventFilter {
  readonly listenerId?: number;
  readonly seqs?: readonly number[];
  /** First line of the last error. */
  readonly error?: string;
  /** Of the states that a command acts on, these alone. */
  readonly states?: readonly DeliveryState[];
}
