import { ApiProperty, ApiPropertyOptional, ApiSchema, PickType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Min } from 'class-validator';

import { AttemptDto, DeliveryStateDto, EventDto } from '../events/events.dto.js';
import { toInteger } from '../api/paging.js';

/** What a stream can be about. */
export const STREAM_TOPICS = ['event', 'attempt', 'overview'] as const;
export type StreamTopic = (typeof STREAM_TOPICS)[number];

/** The query of a stream. */
export class StreamQuery {
  @ApiPropertyOptional({
    type: [String],
    enum: STREAM_TOPICS,
    explode: false,
    style: 'form',
    description: 'What to send, separated by commas; without it, everything.',
  } as object)
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsIn(STREAM_TOPICS, { each: true })
  only: StreamTopic[] = [...STREAM_TOPICS];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'As `Last-Event-ID`, for a first connection that has events already.',
  })
  @IsOptional()
  @Transform(toInteger)
  @IsInt()
  @Min(0)
  lastEventId?: number;
}

/** What came of an attempt, as a stream tells it. */
@ApiSchema({ name: 'StreamAttempt', description: 'What came of an attempt, as a stream tells it.' })
export class StreamAttemptDto extends PickType(AttemptDto, ['attempt', 'outcome', 'error', 'durationMs']) {
  @ApiProperty({ type: 'integer', description: 'Position of the event in the log.', example: 4711 })
  seq!: number;

  @ApiProperty({ type: String, example: 'crm-close-case' })
  listener!: string;

  @ApiProperty({
    enum: ['done', 'pending', 'dead'],
    description: 'Of its delivery, now.',
    example: 'pending',
  })
  state!: DeliveryStateDto['state'];

  @ApiProperty({ type: String, nullable: true, example: '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176' })
  interactionId!: EventDto['interactionId'];

  @ApiProperty({ type: String, example: 'default' })
  channel!: string;

  @ApiProperty({ type: String, nullable: true, example: '463ac35c9f6413ad48485a3953bb6124' })
  traceId!: EventDto['traceId'];
}
