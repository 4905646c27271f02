import { ApiProperty, ApiSchema, IntersectionType } from '@nestjs/swagger';

const ID = '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176';
const TIME = '2026-06-13T22:04:05.678Z';
/** Milliseconds, as numbers are described in every model. */
const MILLIS = { type: 'integer', nullable: true, description: 'Milliseconds.', example: 128 } as const;

/** An event of the log. What the vendor left out is `null`. */
@ApiSchema({ name: 'Event', description: 'An event of the log. What the vendor left out is null.' })
export class EventDto {
  @ApiProperty({ type: 'integer', description: 'Position in the log.', example: 4711 })
  seq!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`STARTED`, `FINISHED`, or with `UNKNOWN_VALUES=accept` any other.',
    example: 'FINISHED',
  })
  type!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the interaction.', example: ID })
  interactionId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'chat' })
  mediaType!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'InboundNew' })
  interactionSubtype!: string | null;

  @ApiProperty({ type: String, description: 'The channel whose secret signed it.', example: 'default' })
  channel!: string;

  @ApiProperty({ type: String, nullable: true, example: 'f6c49d91-926b-4473-b2f3-8d8fd295c968' })
  operationId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: `/nexus/v3/chat/sessions/${ID}` })
  selfUri!: string | null;

  @ApiProperty({
    type: Boolean,
    description: 'A STARTED that came after the FINISHED of its interaction.',
    example: false,
  })
  late!: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`X-B3-TraceId` of the request that brought it.',
    example: '463ac35c9f6413ad48485a3953bb6124',
  })
  traceId!: string | null;

  @ApiProperty({ type: String, format: 'date-time', example: TIME })
  receivedAt!: string;
}

/** How many deliveries an event has, by what became of them. */
@ApiSchema({ name: 'DeliveryCounts', description: 'Deliveries of an event, by what became of them.' })
export class DeliveryCountsDto {
  @ApiProperty({ type: 'integer', description: 'Blocked, pending or running.', example: 0 })
  open!: number;

  @ApiProperty({ type: 'integer', example: 2 })
  done!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  dead!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  discarded!: number;
}

/** An event, and what became of it. */
@ApiSchema({ name: 'EventSummary', description: 'An event, and what became of it.' })
export class EventSummaryDto extends EventDto {
  @ApiProperty({ type: () => DeliveryCountsDto })
  deliveries!: DeliveryCountsDto;
}

/** Every state of a delivery. */
export const DELIVERY_STATES = ['blocked', 'pending', 'running', 'done', 'dead', 'discarded'] as const;
/** What came of an attempt. */
export const ATTEMPT_OUTCOMES = ['done', 'failed', 'timeout', 'permanent', 'later'] as const;

/** One run of a listener. */
@ApiSchema({ name: 'Attempt', description: 'One run of a listener for an event.' })
export class AttemptDto {
  @ApiProperty({ type: 'integer', description: 'Counted on over retries and replays.', example: 1 })
  attempt!: number;

  @ApiProperty({ enum: ATTEMPT_OUTCOMES, example: 'failed' })
  outcome!: (typeof ATTEMPT_OUTCOMES)[number];

  @ApiProperty({ type: String, nullable: true, example: 'Error: connect ECONNREFUSED 10.0.0.7:443' })
  error!: string | null;

  @ApiProperty({ type: String, format: 'date-time', example: TIME })
  startedAt!: string;

  @ApiProperty({ ...MILLIS, nullable: false })
  durationMs!: number;
}

/** Where one event stands with one listener. */
export class DeliveryStateDto {
  @ApiProperty({ type: String, description: 'Name of the listener.', example: 'crm-close-case' })
  listener!: string;

  @ApiProperty({
    enum: DELIVERY_STATES,
    description: '`blocked`: an earlier event of the same interaction comes first.',
    example: 'done',
  })
  state!: (typeof DELIVERY_STATES)[number];

  @ApiProperty({ type: 'integer', description: 'Attempts begun.', example: 2 })
  attempt!: number;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it may run; of a pending one.',
    example: null,
  })
  dueAt!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the last attempt began that is over.',
    example: TIME,
  })
  startedAt!: string | null;

  @ApiProperty({ ...MILLIS, description: 'Milliseconds which that attempt took.' })
  durationMs!: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why that attempt failed.', example: null })
  error!: string | null;
}

/** {@link DeliveryStateDto} with every attempt. */
@ApiSchema({ name: 'Delivery', description: 'An event for a listener, with every attempt that is over.' })
export class DeliveryDto extends DeliveryStateDto {
  @ApiProperty({ type: () => [AttemptDto] })
  attempts!: AttemptDto[];
}

/** The POST that brought an event. */
@ApiSchema({ name: 'Receipt', description: 'The POST that brought an event.' })
export class ReceiptDto {
  @ApiProperty({ type: 'integer', example: 4200 })
  id!: number;

  @ApiProperty({ type: String, format: 'date-time', example: TIME })
  receivedAt!: string;

  @ApiProperty({ type: 'integer', description: 'How often the vendor sent it again.', example: 0 })
  redeliveries!: number;

  @ApiProperty({
    type: 'integer',
    description: "Which of the channel's secrets matched: 0 is the current one.",
    example: 0,
  })
  secretIndex!: number;

  @ApiProperty({ type: 'integer', description: 'Bytes of the body.', example: 322 })
  size!: number;
}

/** An event with its receipt and all its deliveries. */
@ApiSchema({ name: 'EventRecord', description: 'An event with its receipt and all its deliveries.' })
export class EventRecordDto extends EventSummaryDto {
  @ApiProperty({ type: () => ReceiptDto })
  receipt!: ReceiptDto;

  @ApiProperty({ type: () => [DeliveryDto] })
  deliveryList!: DeliveryDto[];
}

/** The bytes that were received. */
export class BodyDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The body as text; null where it is hidden or not UTF-8.',
    example: '{"operationId":"f6c49d91","data":{"entities":[]}}',
  })
  body!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The body in base64, where it is not UTF-8.',
    example: null,
  })
  bodyBase64!: string | null;

  @ApiProperty({
    type: Boolean,
    description: 'True for a viewer, unless `VIEWER_BODIES` is on.',
    example: false,
  })
  bodyHidden!: boolean;
}

/** {@link EventRecordDto} with the bytes that were received. */
@ApiSchema({ name: 'EventDetail', description: 'An event with all that is known of it.' })
export class EventDetailDto extends IntersectionType(EventRecordDto, BodyDto) {}
