import { ApiProperty, ApiSchema } from '@nestjs/swagger';

const TIME = '2026-06-13T22:04:05.678Z';

/** How a listener's deliveries are run. */
@ApiSchema({ name: 'ListenerOptions', description: "How a listener's deliveries are run." })
export class ListenerOptionsDto {
  @ApiProperty({ type: 'integer', description: 'Attempts before a delivery is dead.', example: 10 })
  attempts!: number;

  @ApiProperty({ type: 'integer', description: 'Milliseconds an attempt may take.', example: 30_000 })
  timeoutMs!: number;

  @ApiProperty({ type: 'integer', description: 'Attempts that may run at once.', example: 8 })
  concurrency!: number;

  @ApiProperty({
    enum: ['skip', 'park'],
    description: "What becomes of an interaction's later events when one is dead.",
    example: 'skip',
  })
  onDead!: 'skip' | 'park';

  @ApiProperty({ enum: ['now', 'beginning'], description: 'Where it began when it was new.', example: 'now' })
  from!: 'now' | 'beginning';
}

/** What a listener wants; a field that is not there wants everything. */
@ApiSchema({
  name: 'ListenerFilter',
  description: 'What a listener wants; an absent field wants everything.',
})
export class ListenerFilterDto {
  @ApiProperty({ type: [String], required: false, example: ['FINISHED'] })
  type?: readonly string[];

  @ApiProperty({ type: [String], required: false, example: ['chat'] })
  mediaType?: readonly string[];

  @ApiProperty({ type: [String], required: false, example: ['InboundNew'] })
  interactionSubtype?: readonly string[];

  @ApiProperty({ type: [String], required: false, example: ['default'] })
  channel?: readonly string[];
}

/** A listener, and where its deliveries stand. */
@ApiSchema({ name: 'Listener', description: 'A listener, and where its deliveries stand.' })
export class ListenerDto {
  @ApiProperty({ type: String, example: 'crm-close-case' })
  name!: string;

  @ApiProperty({
    type: Boolean,
    description: 'Whether this process has it. What no process has keeps its deliveries until one does.',
    example: true,
  })
  loaded!: boolean;

  @ApiProperty({ type: () => ListenerOptionsDto, nullable: true, description: 'Null unless it is loaded.' })
  options!: ListenerOptionsDto | null;

  @ApiProperty({ type: () => ListenerFilterDto })
  filter!: ListenerFilterDto;

  @ApiProperty({ type: Boolean, example: false })
  paused!: boolean;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The last event it was given while it catches up with the log; null: it is live.',
    example: null,
  })
  catchingUpFrom!: number | null;

  @ApiProperty({
    type: 'integer',
    description: 'Deliveries that are pending or blocked. Above 10,000 open ones, an estimate.',
    example: 3,
  })
  waiting!: number;

  @ApiProperty({ type: 'integer', description: 'Deliveries that a worker has.', example: 1 })
  running!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  dead!: number;

  @ApiProperty({ type: 'integer', description: '`waiting` and `running`.', example: 4 })
  lagEvents!: number;

  @ApiProperty({
    type: Number,
    description: 'Age of the event whose delivery has been due for longest; 0 when none is due.',
    example: 0.4,
  })
  lagSeconds!: number;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When that event was received.',
    example: TIME,
  })
  oldestPendingAt!: string | null;

  @ApiProperty({
    type: Number,
    description: 'Attempts a minute that ended in this process, over the last 5 minutes.',
    example: 42.2,
  })
  perMinute!: number;

  @ApiProperty({ type: Number, description: 'The share of them that failed, from 0 to 1.', example: 0.02 })
  errorRate!: number;
}

/** Every listener. */
@ApiSchema({ name: 'Listeners', description: 'Every listener that was ever loaded, by name.' })
export class ListenersDto {
  @ApiProperty({ type: () => [ListenerDto] })
  items!: ListenerDto[];
}

/** A listener in one minute. */
@ApiSchema({ name: 'ListenerSample', description: 'A listener in one minute.' })
export class ListenerSampleDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'When the minute ended.', example: TIME })
  at!: string;

  @ApiProperty({ type: Number, example: 0.4 })
  lagSeconds!: number;

  @ApiProperty({ type: 'integer', example: 4 })
  lagEvents!: number;

  @ApiProperty({ type: 'integer', description: 'Attempts that succeeded in that minute.', example: 41 })
  done!: number;

  @ApiProperty({ type: 'integer', description: 'Attempts that failed in that minute.', example: 1 })
  failed!: number;
}

/** {@link ListenerDto} with its last hour. */
@ApiSchema({ name: 'ListenerDetail', description: 'A listener with its last hour.' })
export class ListenerDetailDto extends ListenerDto {
  @ApiProperty({
    type: () => [ListenerSampleDto],
    description: 'The last 60 minutes, sampled in this process since it started; the latest is the last.',
  })
  series!: ListenerSampleDto[];
}
