import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** Events in numbers. */
@ApiSchema({ name: 'OverviewEvents', description: 'Events in numbers.' })
export class OverviewEventsDto {
  @ApiProperty({ type: 'integer', description: 'Received in the last 60 seconds.', example: 240 })
  lastMinute!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Events in the log. Above 32,768, an estimate where some were removed.',
    example: 1_204_711,
  })
  total!: number;
}

/** Interactions in numbers. */
@ApiSchema({ name: 'OverviewInteractions', description: 'Interactions in numbers.' })
export class OverviewInteractionsDto {
  @ApiProperty({ type: 'integer', description: 'Open and not stuck.', example: 87 })
  open!: number;

  @ApiProperty({ type: 'integer', example: 2 })
  stuck!: number;

  @ApiProperty({ type: 'integer', description: 'FINISHED events of the last 60 minutes.', example: 412 })
  finishedLastHour!: number;
}

/** How long interactions took. */
@ApiSchema({ name: 'OverviewDurations', description: 'How long the last finished interactions took.' })
export class OverviewDurationsDto {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Milliseconds.', example: 184_000 })
  medianMs!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Milliseconds.', example: 912_000 })
  p95Ms!: number | null;
}

/** All listeners in numbers. */
@ApiSchema({ name: 'OverviewListeners', description: 'All listeners in numbers.' })
export class OverviewListenersDto {
  @ApiProperty({ type: 'integer', description: 'Deliveries that are pending or blocked.', example: 3 })
  waiting!: number;

  @ApiProperty({ type: Number, description: 'Of the listener that is furthest behind.', example: 0.4 })
  lagSeconds!: number;

  @ApiProperty({ type: 'integer', description: 'Dead deliveries.', example: 0 })
  dead!: number;

  @ApiProperty({ type: 'integer', description: 'Listeners that are paused.', example: 0 })
  paused!: number;

  @ApiProperty({ type: 'integer', description: 'Listeners that this process has not loaded.', example: 0 })
  orphaned!: number;
}

/** Quarantine in numbers. */
@ApiSchema({ name: 'OverviewQuarantine', description: 'Quarantine in numbers.' })
export class OverviewQuarantineDto {
  @ApiProperty({ type: 'integer', example: 0 })
  held!: number;
}

/** The whole service on one screen. */
@ApiSchema({ name: 'Overview', description: 'The whole service in numbers.' })
export class OverviewDto {
  @ApiProperty({ type: String, format: 'date-time', example: '2026-06-13T22:04:05.678Z' })
  at!: string;

  @ApiProperty({ type: () => OverviewEventsDto })
  events!: OverviewEventsDto;

  @ApiProperty({
    type: () => OverviewInteractionsDto,
    nullable: true,
    description: 'Null while the listener `interactions` is off.',
  })
  interactions!: OverviewInteractionsDto | null;

  @ApiProperty({
    type: () => OverviewDurationsDto,
    nullable: true,
    description: 'Of those that finished in the last hour, 5,000 at the most.',
  })
  durations!: OverviewDurationsDto | null;

  @ApiProperty({ type: () => OverviewListenersDto })
  listeners!: OverviewListenersDto;

  @ApiProperty({ type: () => OverviewQuarantineDto })
  quarantine!: OverviewQuarantineDto;

  @ApiProperty({ type: 'integer', description: 'Webhooks that wait for the disk.', example: 0 })
  requestsWaiting!: number;
}
