import type { ColumnType, Generated } from 'kysely';

/**
 * Where a delivery stands.
 *
 * - `blocked`: an earlier delivery of the same listener and interaction holds the line
 * - `pending`: due at `due_at`
 * - `running`: claimed by `owner`
 * - `done`, `dead`, `discarded`: over
 */
export type DeliveryState = 'blocked' | 'pending' | 'running' | 'done' | 'dead' | 'discarded';

/** Times are milliseconds since 1970, as `Date.now()` gives them. */
type Millis = number;

/** One accepted POST. */
export interface ReceiptTable {
  id: Generated<number>;
  channel: string;
  /** SHA-256 of the body, hex. Only for receipts without events: it is what makes those unique. */
  digest: string | null;
  body: Buffer;
  trace_id: string | null;
  /** Which of the channel's secrets matched, by position. */
  secret_index: number;
  received_at: Millis;
  redeliveries: Generated<number>;
}

/** One entry of `data.entities[]`. */
export interface EventTable {
  /** Position in the log. */
  seq: Generated<number>;
  receipt_id: number;
  /** Index in `data.entities[]`. */
  position: number;
  /** What the order is kept for, see `keys.ts`. */
  interaction_key: string;
  /** Idempotency key, see `keys.ts`. Unique together with `interaction_key`. */
  dedup_key: string;
  type: string | null;
  interaction_id: string | null;
  media_type: string | null;
  interaction_subtype: string | null;
  self_uri: string | null;
  operation_id: string | null;
  channel: string;
  /** 1: a STARTED that came after the FINISHED of its interaction. */
  late: ColumnType<number, number | null, number>;
  received_at: Millis;
}

/** One event for one listener. */
export interface DeliveryTable {
  seq: number;
  listener_id: number;
  interaction_key: string;
  state: DeliveryState;
  /** 1 while later deliveries of the same listener and interaction must wait for this one. */
  holds: number;
  /** Attempts begun. */
  attempt: number;
  /** Attempts that were made before an operator asked for fresh ones. */
  attempts_before: Generated<number>;
  /** When it may be claimed; set exactly while `pending`. */
  due_at: Millis | null;
  /** The worker that runs it; set exactly while `running`. */
  owner: number | null;
  started_at: Millis | null;
  /** Milliseconds the last attempt took. */
  duration: number | null;
  last_error: string | null;
}

/** A failed attempt. The attempt that succeeded is in the delivery itself. */
export interface AttemptTable {
  seq: number;
  listener_id: number;
  attempt: number;
  outcome: 'failed' | 'timeout' | 'permanent' | 'later';
  error: string;
  started_at: Millis;
  duration: number;
}

/** A listener that deliveries are made for, whether or not some process has it loaded. */
export interface ListenerTable {
  id: Generated<number>;
  name: string;
  /** The filter of `@OnInteraction`, as JSON. */
  filter: string;
  paused: Generated<number>;
  /** The last event of the log it was given, while it catches up from the beginning; null: it is live. */
  backfill_seq: number | null;
  created_at: Millis;
}

/** A process that runs deliveries, alive while its lease lasts. */
export interface WorkerTable {
  id: Generated<number>;
  pid: number;
  started_at: Millis;
  lease_until: Millis;
}

/** An authentic payload that could not be accepted. */
export interface QuarantineTable {
  id: Generated<number>;
  channel: string;
  /** SHA-256 of the body, hex. */
  digest: string;
  body: Buffer;
  trace_id: string | null;
  secret_index: number;
  /** The faults, as a JSON array of sentences. */
  errors: string;
  times: Generated<number>;
  first_at: Millis;
  last_at: Millis;
  state: Generated<'held' | 'reprocessed' | 'discarded'>;
}

/** Events that are delivered to one listener again. */
export interface ReplayTable {
  id: Generated<number>;
  listener_id: number;
  /** An `EventFilter`, as JSON. */
  filter: string;
  /** The last event that was looked at. */
  position: Generated<number>;
  until_seq: number;
  replayed: Generated<number>;
  state: Generated<'running' | 'done' | 'cancelled'>;
  created_at: Millis;
}

/** Every channel that ever brought an event: an interaction's keys are made of its id and one of them. */
export interface ChannelTable {
  name: string;
}

/** What the listener `interactions` knows of an interaction. */
export interface InteractionTable {
  /** See `keys.ts`. */
  interaction_key: string;
  interaction_id: string;
  channel: string;
  /** Its first event. */
  seq: number;
  /** When a STARTED came in time. */
  started_at: Millis | null;
  /** When a STARTED came after the FINISHED. */
  late_started_at: Millis | null;
  finished_at: Millis | null;
  media_type: string | null;
  interaction_subtype: string | null;
  self_uri: string | null;
}

/** What the listener `transcript` fetched for a FINISHED. */
export interface TranscriptTable {
  /** The FINISHED event. */
  seq: number;
  /** See `keys.ts`. */
  interaction_key: string;
  /** Where it came from. */
  uri: string;
  /** The JSON, compressed by gzip. */
  body: Buffer;
  /** Bytes of the JSON. */
  size: number;
  fetched_at: Millis;
}

/** What an operator did. Rows are added, and never changed or deleted: the database refuses it. */
export interface AuditTable {
  id: Generated<number>;
  at: Millis;
  role: 'operator' | 'viewer';
  /** What the request said of its sender. */
  requested_by: string;
  address: string;
  /** Such as `deliveries.retry`. */
  action: string;
  /** What it was done to, as JSON. */
  target: string;
  /** How many it changed. */
  count: number;
}

/** One row, written to see whether the store takes writes. */
export interface ProbeTable {
  written_at: Millis;
}

/** One row: how far the removal of old events is. */
export interface RetentionTable {
  /** The last event of the log that it has looked at. */
  position: number;
  /** The last of {@link RetentionKeptTable} that it has looked at again; 0: it begins anew. */
  kept_position: number;
  /** When the next run is due; in the future while one is under way. */
  next_at: Millis;
}

/** An old event that could not be removed: so nobody has to look for it among those that stay. */
export interface RetentionKeptTable {
  seq: number;
  receipt_id: number;
}

/** Every table, for Kysely. */
export interface Schema {
  receipts: ReceiptTable;
  events: EventTable;
  deliveries: DeliveryTable;
  attempts: AttemptTable;
  listeners: ListenerTable;
  workers: WorkerTable;
  quarantine: QuarantineTable;
  replays: ReplayTable;
  channels: ChannelTable;
  interactions: InteractionTable;
  transcripts: TranscriptTable;
  audit_log: AuditTable;
  retention: RetentionTable;
  retention_kept: RetentionKeptTable;
  probe: ProbeTable;
}
