import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

import { toInteger } from '../api/paging.js';
import { MINUTES_LIMIT } from './stats-counter.js';

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } } as const;

/** The query of the statistics. */
export class StatsQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MINUTES_LIMIT, default: 60 })
  @Transform(toInteger)
  @IsInt()
  @Min(1)
  @Max(MINUTES_LIMIT)
  minutes = 60;
}

/** Events of one minute. */
@ApiSchema({ name: 'MinuteStats', description: 'Events that were received in one minute.' })
export class MinuteStatsDto {
  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'When it began.',
    example: '2026-06-13T22:04:00.000Z',
  })
  at!: string;

  @ApiProperty({ type: 'integer', example: 240 })
  total!: number;

  @ApiProperty({
    ...COUNTS,
    description: '`none` without a type. At most 50 types are told apart, the rest is `other`.',
    example: { STARTED: 130, FINISHED: 110 },
  })
  byType!: Record<string, number>;

  @ApiProperty({ ...COUNTS, description: 'The same for media types.', example: { chat: 200, email: 40 } })
  byMediaType!: Record<string, number>;
}

/** Interactions that took about as long. */
@ApiSchema({ name: 'DurationBucket', description: 'Interactions that took about as long.' })
export class DurationBucketDto {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'They took longer than the bucket before, and up to this many milliseconds; null: any longer.',
    example: 60_000,
  })
  upToMs!: number | null;

  @ApiProperty({ type: 'integer', example: 31 })
  count!: number;
}

/** How long interactions took. */
@ApiSchema({ name: 'Durations', description: 'How long interactions took, from STARTED to FINISHED.' })
export class DurationsDto {
  @ApiProperty({
    type: 'integer',
    description: 'Interactions that finished in these minutes; of more than 5,000, the last ones.',
    example: 412,
  })
  count!: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Milliseconds.', example: 184_000 })
  medianMs!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Milliseconds.', example: 912_000 })
  p95Ms!: number | null;

  @ApiProperty({ type: () => [DurationBucketDto] })
  buckets!: DurationBucketDto[];
}

/** Events by minute, and how long interactions took. */
@ApiSchema({ name: 'Stats', description: 'Events by minute, and how long interactions took.' })
export class StatsDto {
  @ApiProperty({
    type: () => [MinuteStatsDto],
    description: 'The current minute last. Those that are not counted yet are left out at the beginning.',
  })
  minutes!: MinuteStatsDto[];

  @ApiProperty({
    type: () => DurationsDto,
    nullable: true,
    description: 'Null while the listener `interactions` is off.',
  })
  durations!: DurationsDto | null;
}
