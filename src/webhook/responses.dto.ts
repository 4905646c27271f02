import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** Outcome of a request. */
@ApiSchema({ name: 'status', description: 'The outcome of a request.' })
export class StatusDto {
  @ApiProperty({ type: 'integer', description: '0 on success, else the HTTP status.', example: 0 })
  code!: number;

  @ApiProperty({ type: String, description: 'The outcome in words.', example: '1 event stored' })
  message!: string;
}

/** Names an acknowledged event. */
@ApiSchema({ name: 'ids', description: 'Names an acknowledged event.' })
export class IdDto {
  @ApiProperty({
    type: String,
    description: 'Id of the interaction.',
    example: '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176',
  })
  id!: string;
}

/** What an acknowledgement carries. */
@ApiSchema({ name: 'EventsResponseData', description: 'What was acknowledged.' })
export class EventsResponseDataDto {
  @ApiProperty({
    type: () => [IdDto],
    description:
      "`entity.id` of each acknowledged event, in the payload's order; events without one have no entry.",
  })
  ids!: IdDto[];
}

/** The answer to a request whose events are stored. */
@ApiSchema({ name: 'EventsResponse', description: 'Every event is stored.' })
export class EventsResponseDto {
  @ApiProperty({ type: () => StatusDto })
  status!: StatusDto;

  @ApiProperty({ type: () => EventsResponseDataDto })
  data!: EventsResponseDataDto;
}

/** The answer to every request that was not accepted. */
@ApiSchema({ name: 'ErrorResponse', description: 'The request was not accepted.' })
export class ErrorResponseDto {
  @ApiProperty({ type: () => StatusDto })
  status!: StatusDto;

  @ApiPropertyOptional({ type: [String], description: 'Every fault of the payload; for 400 alone.' })
  errors?: string[];
}

/** {@link EventsResponseDto} for Fastify's serialiser. */
export const EVENTS_RESPONSE_SCHEMA = {
  type: 'object',
  properties: {
    status: {
      type: 'object',
      properties: { code: { type: 'integer' }, message: { type: 'string' } },
    },
    data: {
      type: 'object',
      properties: {
        ids: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
      },
    },
  },
} as const;
