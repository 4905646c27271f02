import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import {
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';

import { Nested } from './compiled-validator.js';
import { EVENT_TYPES, INTERACTION_SUBTYPES, MEDIA_TYPES } from '../events/interaction-event.js';

/** The validation group in which unlisted values are faults (`UNKNOWN_VALUES=reject`). */
export const LISTED_VALUES_ONLY = 'listed-values-only';

const ALWAYS: ValidationOptions = { always: true };

/** Text that every store can keep and give back as it was: no U+0000, no half of a surrogate pair. */
function IsStorable(): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isStorable',
      validator: {
        validate: (value: unknown) =>
          typeof value !== 'string' || (value.isWellFormed() && !value.includes('\0')),
        defaultMessage: (args) => `${args?.property} must not contain U+0000 or an unpaired surrogate`,
      },
    },
    ALWAYS,
  );
}

/** An optional text of the vendor's page. */
const OptionalText = (description: string, example: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: String, description, example }),
    IsOptional(ALWAYS),
    IsString(ALWAYS),
    IsStorable(),
  );

/** An optional text of the vendor's page with a list of valid values. */
const OptionalListed = (values: readonly string[], description: string, example: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: String, enum: values, description, example }),
    IsOptional(ALWAYS),
    IsString(ALWAYS),
    IsStorable(),
    IsIn(values, { groups: [LISTED_VALUES_ONLY] }),
  );

/** The interaction that an event is about. */
@ApiSchema({ name: 'entity', description: 'The interaction that an event is about.' })
export class EntityDto {
  @OptionalText('Id of the interaction.', '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176')
  id?: string;

  @OptionalListed(MEDIA_TYPES, 'Media type of the interaction.', 'chat')
  mediaType?: string;

  @OptionalListed(INTERACTION_SUBTYPES, 'Subtype of the interaction.', 'InboundNew')
  interactionSubtype?: string;

  @OptionalText(
    "Where the interaction's data can be read; can be relative.",
    'NexusURL/nexus/v3/chat/sessions/49a0ed5c-77b8-4091-a0c2-1d904ff709b0/8e09e19f-b8ba-4db0-b6e7-dfc8a7776176',
  )
  selfUri?: string;
}

/** One event of a payload. */
@ApiSchema({ name: 'Event', description: 'What happened to an interaction.' })
export class EventDto {
  @OptionalListed(
    EVENT_TYPES,
    'What happened: the interaction was created and submitted to a queue (STARTED), or its processing was stopped by Agent Desktop or the workflow (FINISHED).',
    'FINISHED',
  )
  event?: string;

  @ApiPropertyOptional({ type: () => EntityDto })
  @IsOptional(ALWAYS)
  @IsObject(ALWAYS)
  @Nested(() => EntityDto, ALWAYS)
  entity?: EntityDto;
}

/** What a payload carries. */
@ApiSchema({ name: 'data', description: 'The events.' })
export class DataDto {
  @ApiPropertyOptional({ type: () => [EventDto], description: 'The events; one request can carry several.' })
  @IsOptional(ALWAYS)
  @IsArray(ALWAYS)
  @IsObject({ ...ALWAYS, each: true })
  @Nested(() => EventDto, { ...ALWAYS, each: true })
  entities?: EventDto[];
}

/** The body of the webhook. Every field is optional; unknown fields are ignored here and kept in the raw body. */
@ApiSchema({
  name: 'EventsPayload',
  description: 'Every field is optional; fields beside these are kept, and ignored.',
})
export class EventsPayloadDto {
  @OptionalText('Id of the operation.', 'f6c49d91-926b-4473-b2f3-8d8fd295c968')
  operationId?: string;

  @ApiPropertyOptional({ type: () => DataDto })
  @IsOptional(ALWAYS)
  @IsObject(ALWAYS)
  @Nested(() => DataDto, ALWAYS)
  data?: DataDto;
}
