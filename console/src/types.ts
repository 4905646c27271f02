/** What the API answers, as the service declares it. */
import type { AuditEntryDto } from '../../src/operations/audit/audit.controller.js';
import type { BatchDto } from '../../src/operations/api/batch.dto.js';
import type {
  DeliveryGroupDto,
  DeliveryGroupsDto,
  DeliveryItemDto,
} from '../../src/operations/deliveries/deliveries-read.dto.js';
import type {
  BodyDto,
  DeliveryDto,
  EventDetailDto,
  EventDto,
  EventRecordDto,
  EventSummaryDto,
} from '../../src/operations/events/events.dto.js';
import type {
  InteractionDto,
  InteractionTimelineDto,
} from '../../src/operations/interactions/interactions.dto.js';
import type { ListenerDetailDto, ListenerDto } from '../../src/operations/listeners/listeners-read.dto.js';
import type { OverviewDto } from '../../src/operations/overview/overview.dto.js';
import type {
  QuarantineDetailDto,
  QuarantineGroupDto,
  QuarantineItemDto,
} from '../../src/operations/quarantine/quarantine-read.dto.js';
import type { QuarantineBatchDto } from '../../src/operations/quarantine/quarantine.controller.js';
import type { ReplayDto } from '../../src/operations/replays/replays-read.dto.js';
import type { SettingsDto } from '../../src/operations/overview/settings.dto.js';
import type { StatsDto } from '../../src/operations/stats/stats.dto.js';
import type { StreamAttemptDto } from '../../src/operations/stream/stream.dto.js';
import type { SessionDto } from '../../src/operations/access/session.controller.js';

export type { Page } from '../../src/operations/api/paging.js';

export type Session = SessionDto;
export type EventFields = EventDto;
export type EventSummary = EventSummaryDto;
export type EventHistory = EventRecordDto;
export type EventDetail = EventDetailDto;
export type RawBody = BodyDto;
export type Delivery = DeliveryDto;
export type Interaction = InteractionDto;
export type InteractionHistory = InteractionTimelineDto;
export type ListenerInfo = ListenerDto;
export type ListenerDetail = ListenerDetailDto;
export type DeliveryItem = DeliveryItemDto;
export type DeadGroup = DeliveryGroupDto;
export type DeadGroups = DeliveryGroupsDto;
export type Replay = ReplayDto;
export type QuarantineItem = QuarantineItemDto;
export type QuarantineDetail = QuarantineDetailDto;
export type QuarantineGroup = QuarantineGroupDto;
/** One batch of a bulk command; `next` is handed in for the next one. */
export type Batch = BatchDto & Partial<Pick<QuarantineBatchDto, 'failed'>>;
export type Overview = OverviewDto;
export type Stats = StatsDto;
export type Minute = StatsDto['minutes'][number];
/** The end of an attempt, as the stream tells it. */
export type AttemptNote = StreamAttemptDto;
export type Settings = SettingsDto;
export type AuditEntry = AuditEntryDto;
