import { ApiProperty, ApiSchema, OmitType } from '@nestjs/swagger';

import { EventRecordDto } from '../events/events.dto.js';

const TIME = '2026-06-13T22:04:05.678Z';

/** Where an interaction stands. `stuck`: open for longer than `INTERACTIONS_STUCK_AFTER`. */
export const INTERACTION_STATES = ['open', 'finished', 'stuck'] as const;
export type InteractionState = (typeof INTERACTION_STATES)[number];

/** What the listener `interactions` knows of an interaction. */
@ApiSchema({ name: 'Interaction', description: 'What the listener `interactions` knows of an interaction.' })
export class InteractionDto {
  @ApiProperty({ type: String, example: '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176' })
  interactionId!: string;

  @ApiProperty({ type: String, example: 'default' })
  channel!: string;

  @ApiProperty({
    enum: INTERACTION_STATES,
    description: '`stuck`: open for longer than `INTERACTIONS_STUCK_AFTER`.',
    example: 'finished',
  })
  state!: InteractionState;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When its STARTED came; null where none came before its FINISHED.',
    example: TIME,
  })
  startedAt!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a STARTED came after the FINISHED.',
    example: null,
  })
  lateStartedAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: TIME })
  finishedAt!: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Milliseconds from its STARTED to its FINISHED, where both came in this order.',
    example: 184_000,
  })
  durationMs!: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'chat' })
  mediaType!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'InboundNew' })
  interactionSubtype!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '/nexus/v3/chat/sessions/8e09e19f' })
  selfUri!: string | null;
}

/** An interaction of one channel with its events. */
@ApiSchema({
  name: 'InteractionTimeline',
  description:
    'An interaction of one channel with its events. While the listener `interactions` is off or behind, `state` and what follows from it are null.',
})
export class InteractionTimelineDto extends OmitType(InteractionDto, ['state']) {
  @ApiProperty({ enum: INTERACTION_STATES, nullable: true, example: 'finished' })
  state!: InteractionState | null;

  @ApiProperty({ type: () => [EventRecordDto], description: 'In the order of the log, at most 500.' })
  events!: EventRecordDto[];

  @ApiProperty({
    type: Boolean,
    description: 'Whether it has more events than these; `GET /events?interaction=` has all.',
    example: false,
  })
  more!: boolean;
}

/** The interaction of an id in each channel that knows it. */
@ApiSchema({ name: 'InteractionTimelines', description: 'One item for each channel that knows the id.' })
export class InteractionTimelinesDto {
  @ApiProperty({ type: () => [InteractionTimelineDto] })
  items!: InteractionTimelineDto[];
}
