/** What the operators' API answers with, by its own declarations. */
export type { BatchDto as Batch } from '../../operations/batch.dto.js';
export type {
  AttemptDto as Attempt,
  BodyDto as Body,
  DeliveryDto as Delivery,
  DeliveryStateDto as DeliveryState,
  EventDetailDto as EventDetail,
  EventDto as StoredEvent,
  EventRecordDto as EventRecord,
  EventSummaryDto as EventSummary,
} from '../../operations/events.dto.js';
export type {
  DeliveryGroupDto as DeliveryGroup,
  DeliveryItemDto as DeliveryItem,
} from '../../operations/deliveries-read.dto.js';
export type { InteractionTimelineDto as Timeline } from '../../operations/interactions.dto.js';
export type { ListenerDto as Listener } from '../../operations/listeners-read.dto.js';
export type { Page } from '../../operations/paging.js';
export type {
  QuarantineDetailDto as QuarantineDetail,
  QuarantineItemDto as QuarantineItem,
} from '../../operations/quarantine-read.dto.js';
export type { QuarantineBatchDto as QuarantineBatch } from '../../operations/quarantine.controller.js';
export type { ReplayCountDto as ReplayCount } from '../../operations/replays.controller.js';
export type { ReplayDto as Replay } from '../../operations/replays-read.dto.js';
export type { StreamAttemptDto as LiveAttempt } from '../../operations/stream.dto.js';
