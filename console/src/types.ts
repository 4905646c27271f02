/** What the API answers; docs/operators-api.md says what each field means. Times are ISO 8601, UTC. */

export type Role = 'operator' | 'viewer';

export interface Session {
  role: Role;
  expiresAt: string | null;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface EventFields {
  seq: number;
  type: string | null;
  interactionId: string | null;
  mediaType: string | null;
  interactionSubtype: string | null;
  channel: string;
  operationId: string | null;
  selfUri: string | null;
  late: boolean;
  traceId: string | null;
  receivedAt: string;
}

export interface EventSummary extends EventFields {
  deliveries: { open: number; done: number; dead: number; discarded: number };
}

export type DeliveryState = 'blocked' | 'pending' | 'running' | 'done' | 'dead' | 'discarded';

export interface Attempt {
  attempt: number;
  outcome: string;
  error: string | null;
  startedAt: string | null;
  durationMs: number | null;
}

export interface Delivery {
  listener: string;
  state: DeliveryState;
  attempt: number;
  dueAt: string | null;
  startedAt: string | null;
  durationMs: number | null;
  error: string | null;
  attempts: Attempt[];
}

export interface RawBody {
  body: string | null;
  bodyBase64: string | null;
  bodyHidden: boolean;
}

export interface EventHistory extends EventSummary {
  receipt: { id: number; receivedAt: string; redeliveries: number; secretIndex: number; size: number };
  deliveryList: Delivery[];
}

export type EventDetail = EventHistory & RawBody;

export type InteractionState = 'open' | 'finished' | 'stuck';

export interface Interaction {
  interactionId: string;
  channel: string;
  state: InteractionState;
  startedAt: string | null;
  lateStartedAt: string | null;
  finishedAt: string | null;
  durationMs: number | null;
  mediaType: string | null;
  interactionSubtype: string | null;
  selfUri: string | null;
}

/** An interaction in one channel. What the listener `interactions` keeps is null where it is off. */
export interface InteractionHistory {
  channel: string;
  state: InteractionState | null;
  startedAt: string | null;
  lateStartedAt: string | null;
  finishedAt: string | null;
  durationMs: number | null;
  mediaType: string | null;
  interactionSubtype: string | null;
  selfUri: string | null;
  events: EventHistory[];
}

export interface ListenerInfo {
  name: string;
  loaded: boolean;
  options: {
    attempts: number;
    timeoutMs: number;
    concurrency: number;
    onDead: string;
    from: string;
  } | null;
  filter: Record<string, unknown>;
  paused: boolean;
  catchingUpFrom: number | null;
  waiting: number;
  running: number;
  dead: number;
  lagEvents: number;
  lagSeconds: number | null;
  oldestPendingAt: string | null;
  perMinute: number;
  errorRate: number | null;
}

export interface ListenerPoint {
  at: string;
  lagSeconds: number | null;
  lagEvents: number;
  done: number;
  failed: number;
}

export interface ListenerDetail extends ListenerInfo {
  series: ListenerPoint[];
}

export interface DeliveryItem extends Omit<Delivery, 'attempts'> {
  seq: number;
  event: EventFields;
}

export interface DeadGroup {
  listener: string;
  error: string | null;
  count: number;
  firstSeq: number;
  lastSeq: number;
}

export interface Replay {
  id: number;
  listener: string;
  state: 'running' | 'done' | 'cancelled';
  filter: Record<string, unknown>;
  replayed: number;
  progress: number;
  createdAt: string;
}

export interface QuarantineItem {
  id: number;
  channel: string;
  errors: string[];
  times: number;
  firstAt: string;
  lastAt: string;
  state: 'held' | 'reprocessed' | 'discarded';
  size: number;
  traceId: string | null;
}

export type QuarantineDetail = QuarantineItem & RawBody;

export interface QuarantineGroup {
  error: string;
  count: number;
}

/** One batch of a bulk command; `next` is handed in for the next one. */
export interface Batch {
  count: number;
  next: string | null;
  failed?: { id: number; errors: string[] }[];
}

export interface Overview {
  at: string;
  events: { lastMinute: number; total: number };
  interactions: { open: number; stuck: number; finishedLastHour: number } | null;
  durations: { medianMs: number | null; p95Ms: number | null } | null;
  listeners: {
    waiting: number;
    lagSeconds: number | null;
    dead: number;
    paused: number;
    orphaned: number;
  };
  quarantine: { held: number };
  requestsWaiting: number;
}

export interface Minute {
  at: string;
  total: number;
  byType: Record<string, number>;
  byMediaType: Record<string, number>;
}

export interface Stats {
  minutes: Minute[];
}

/** The end of an attempt, as the stream tells it. */
export interface AttemptNote {
  seq: number;
  listener: string;
  attempt: number;
  outcome: string;
  state: DeliveryState;
  durationMs: number | null;
  error: string | null;
  interactionId: string | null;
  channel: string;
  traceId: string | null;
}

export interface Settings {
  version: string;
  node: string;
  startedAt: string;
  role: Role;
  configuration: {
    name: string;
    value: string | null;
    secret: boolean;
    set: boolean;
    default: string | null;
    meaning: string;
  }[];
  store: {
    kind: string;
    location: string;
    sizeBytes: number | null;
    events: number;
    oldestEventAt: string | null;
  };
}

export interface AuditEntry {
  id: number;
  at: string;
  role: Role;
  requestedBy: string;
  address: string;
  action: string;
  target: unknown;
  count: number | null;
}
