import { ApiProperty, ApiSchema, IntersectionType } from '@nestjs/swagger';

import { BodyDto } from '../events/events.dto.js';

const TIME = '2026-06-13T22:04:05.678Z';
const FAULT = 'data.entities.0.event must be one of the following values: STARTED, FINISHED';

/** What became of a payload in quarantine. */
export const QUARANTINE_STATES = ['held', 'reprocessed', 'discarded'] as const;
export type QuarantineState = (typeof QUARANTINE_STATES)[number];

/** An authentic payload that could not be accepted. */
@ApiSchema({ name: 'QuarantineItem', description: 'An authentic payload that could not be accepted.' })
export class QuarantineItemDto {
  @ApiProperty({ type: 'integer', example: 12 })
  id!: number;

  @ApiProperty({ type: String, example: 'default' })
  channel!: string;

  @ApiProperty({ type: [String], description: 'What was wrong when it last came.', example: [FAULT] })
  errors!: string[];

  @ApiProperty({ type: 'integer', description: 'How often it came.', example: 3 })
  times!: number;

  @ApiProperty({ type: String, format: 'date-time', example: TIME })
  firstAt!: string;

  @ApiProperty({ type: String, format: 'date-time', example: TIME })
  lastAt!: string;

  @ApiProperty({ enum: QUARANTINE_STATES, example: 'held' })
  state!: QuarantineState;

  @ApiProperty({ type: 'integer', description: 'Bytes of the body.', example: 322 })
  size!: number;

  @ApiProperty({ type: String, nullable: true, example: '463ac35c9f6413ad48485a3953bb6124' })
  traceId!: string | null;
}

/** {@link QuarantineItemDto} with the bytes that were received. */
@ApiSchema({ name: 'QuarantineDetail', description: 'A payload in quarantine with its body.' })
export class QuarantineDetailDto extends IntersectionType(QuarantineItemDto, BodyDto) {}

/** Held payloads with the same fault. */
@ApiSchema({ name: 'QuarantineGroup', description: 'Held payloads that have a fault in common.' })
export class QuarantineGroupDto {
  @ApiProperty({ type: String, example: FAULT })
  error!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Payloads with this fault. One with several faults is counted for each of them.',
    example: 4,
  })
  count!: number;
}

/** Every group, the largest first. */
@ApiSchema({ name: 'QuarantineGroups', description: 'Faults of the held payloads, the most frequent first.' })
export class QuarantineGroupsDto {
  @ApiProperty({ type: () => [QuarantineGroupDto] })
  items!: QuarantineGroupDto[];
}
