/** What the operators' API answers with, as far as commands use it. Times are ISO 8601 in UTC. */

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface StoredEvent {
  readonly seq: number;
  readonly type: string | null;
  readonly interactionId: string | null;
  readonly mediaType: string | null;
  readonly interactionSubtype: string | null;
  readonly channel: string;
  readonly operationId: string | null;
  readonly selfUri: string | null;
  readonly late: boolean;
  readonly traceId: string | null;
  readonly receivedAt: string;
}

export interface EventSummary extends StoredEvent {
  readonly deliveries: {
    readonly open: number;
    readonly done: number;
    readonly dead: number;
    readonly discarded: number;
  };
}

export interface Attempt {
  readonly attempt: number;
  readonly outcome: string;
  readonly error: string | null;
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface DeliveryState {
  readonly listener: string;
  readonly state: string;
  readonly attempt: number;
  readonly dueAt: string | null;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly error: string | null;
}

export interface Delivery extends DeliveryState {
  readonly attempts: readonly Attempt[];
}

export interface DeliveryItem extends DeliveryState {
  readonly seq: number;
  readonly event: StoredEvent;
}

export interface DeliveryGroup {
  readonly listener: string;
  readonly error: string;
  readonly count: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface Body {
  readonly body: string | null;
  readonly bodyBase64: string | null;
  readonly bodyHidden: boolean;
}

export interface EventRecord extends EventSummary {
  readonly receipt: {
    readonly id: number;
    readonly receivedAt: string;
    readonly redeliveries: number;
    readonly secretIndex: number;
    readonly size: number;
  };
  readonly deliveryList: readonly Delivery[];
}

export type EventDetail = EventRecord & Body;

export interface Timeline {
  readonly interactionId: string;
  readonly channel: string;
  readonly state: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly mediaType: string | null;
  readonly interactionSubtype: string | null;
  readonly selfUri: string | null;
  readonly events: readonly EventRecord[];
  readonly more?: boolean;
}

export interface Listener {
  readonly name: string;
  readonly loaded: boolean;
  readonly paused: boolean;
  readonly catchingUpFrom: number | null;
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
  readonly lagEvents: number;
  readonly lagSeconds: number;
  readonly perMinute: number;
  readonly errorRate: number;
}

export interface Replay {
  readonly id: number;
  readonly listener: string;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly replayed: number;
  readonly progress: number;
  readonly createdAt: string;
}

export interface QuarantineItem {
  readonly id: number;
  readonly channel: string;
  readonly errors: readonly string[];
  readonly times: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly state: string;
  readonly size: number;
  readonly traceId: string | null;
}

export type QuarantineDetail = QuarantineItem & Body;

/** One batch of something that is done in batches. */
export interface Batch {
  readonly count: number;
  readonly next: string | null;
}

export interface QuarantineBatch extends Batch {
  readonly failed: readonly { readonly id: number; readonly errors: readonly string[] }[];
}

/** An attempt as it is told live. */
export interface LiveAttempt {
  readonly seq: number;
  readonly listener: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly state: string;
  readonly durationMs: number;
  readonly error: string | null;
  readonly interactionId: string | null;
  readonly channel: string;
  readonly traceId: string | null;
}
