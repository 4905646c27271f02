import { ApiProperty, ApiSchema } from '@nestjs/swagger';

import { EventFilterBody } from '../api/filter.js';

export const REPLAY_STATES = ['running', 'done', 'cancelled'] as const;

/** Events that are delivered to one listener again. */
@ApiSchema({ name: 'Replay', description: 'Events that are delivered to one listener again.' })
export class ReplayDto {
  @ApiProperty({ type: 'integer', example: 3 })
  id!: number;

  @ApiProperty({ type: String, example: 'crm-close-case' })
  listener!: string;

  @ApiProperty({ enum: REPLAY_STATES, example: 'running' })
  state!: (typeof REPLAY_STATES)[number];

  @ApiProperty({ type: () => EventFilterBody })
  filter!: EventFilterBody;

  @ApiProperty({ type: 'integer', description: 'Events that are due again so far.', example: 1200 })
  replayed!: number;

  @ApiProperty({
    type: Number,
    minimum: 0,
    maximum: 1,
    description: 'How much of the log was looked through, from 0 to 1.',
    example: 0.42,
  })
  progress!: number;

  @ApiProperty({ type: String, format: 'date-time', example: '2026-06-13T22:04:05.678Z' })
  createdAt!: string;
}
