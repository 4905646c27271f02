/** What the operators' API answers with, by its own declarations. */
export type { BatchDto as Batch } from '../../operations/api/batch.dto.js';
export type {
  AttemptDto as Attempt,
  BodyDto as Body,
  DeliveryDto as Delivery,
  DeliveryStateDto as DeliveryState,
  EventDetailDto as EventDetail,
  EventDto as StoredEvent,
  EventRecordDto as EventRecord,
  EventSummaryDto as EventSummary,
} from '../../operations/events/events.dto.js';
export type {
  DeliveryGroupDto as DeliveryGroup,
  DeliveryItemDto as DeliveryItem,
} from '../../operations/deliveries/deliveries-read.dto.js';
export type { InteractionTimelineDto as Timeline } from '../../operations/interactions/interactions.dto.js';
export type { ListenerDto as Listener } from '../../operations/listeners/listeners-read.dto.js';
export type { Page } from '../../operations/api/paging.js';
export type {
  QuarantineDetailDto as QuarantineDetail,
  QuarantineItemDto as QuarantineItem,
} from '../../operations/quarantine/quarantine-read.dto.js';
export type { QuarantineBatchDto as QuarantineBatch } from '../../operations/quarantine/quarantine.controller.js';
export type { ReplayCountDto as ReplayCount } from '../../operations/replays/replays.controller.js';
export type { ReplayDto as Replay } from '../../operations/replays/replays-read.dto.js';
export type { StreamAttemptDto as LiveAttempt } from '../../operations/stream/stream.dto.js';
