import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, Matches } from 'class-validator';

import { EVENT_TYPES, INTERACTION_SUBTYPES, MEDIA_TYPES } from '../../events/interaction-event.js';
import type { EventFilter } from '../../store/records.js';
import { badRequest } from './errors.js';
import { MayBeAbsent } from './validation.js';

/** Values that one field of a filter may list. */
const LIST_LIMIT = 100;
/** A date, or a time with its zone: one without would mean another time on another machine. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** One text. */
function Text(description: string, example?: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, description, ...(example && { example }) }),
    MayBeAbsent(),
    IsString(),
  );
}

/** One text or several: separated by commas in a query, an array in a body. */
function Texts(place: 'query' | 'body', description: string, example: readonly string[]): PropertyDecorator {
  const list = ({ value }: { value: unknown }): unknown => {
    if (typeof value !== 'string') return value;
    return place === 'query' ? value.split(',') : [value];
  };
  return applyDecorators(
    place === 'query'
      ? ApiPropertyOptional({ type: String, description, example: example.join() })
      : ApiPropertyOptional({ type: [String], description, example }),
    MayBeAbsent(),
    Transform(list),
    IsArray(),
    ArrayNotEmpty(),
    ArrayMaxSize(LIST_LIMIT),
    IsString({ each: true }),
  );
}

/** A time. */
function Time(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: String,
      format: 'date-time',
      description,
      example: '2026-06-13T22:00:00.000Z',
    }),
    MayBeAbsent(),
    Matches(TIME, { message: '$property must be a time in ISO 8601, such as 2026-06-13T22:00:00Z' }),
  );
}

/** Fields of a filter; all that are given must match. */
interface FilterFields {
  readonly interaction?: string;
  readonly type?: readonly string[];
  readonly mediaType?: readonly string[];
  readonly interactionSubtype?: readonly string[];
  readonly channel?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

const SEVERAL = 'one or several, separated by commas';

/** Picks events, in a query. */
export class EventFilterQuery implements FilterFields {
  @Text('Id of the interaction.')
  interaction?: string;

  @Texts('query', `Types of events: ${SEVERAL}.`, EVENT_TYPES)
  type?: string[];

  @Texts('query', `Media types: ${SEVERAL}.`, MEDIA_TYPES)
  mediaType?: string[];

  @Texts('query', `Subtypes: ${SEVERAL}.`, INTERACTION_SUBTYPES.slice(0, 2))
  interactionSubtype?: string[];

  @Texts('query', `Channels: ${SEVERAL}.`, ['default'])
  channel?: string[];

  @Time('Received at this time or later.')
  from?: string;

  @Time('Received before this time.')
  to?: string;
}

/** Picks events, in a body. */
@ApiSchema({ name: 'EventFilter', description: 'Picks events: all that is given must match.' })
export class EventFilterBody implements FilterFields {
  @Text('Id of the interaction.')
  interaction?: string;

  @Texts('body', 'Types of events.', EVENT_TYPES)
  type?: string[];

  @Texts('body', 'Media types.', MEDIA_TYPES)
  mediaType?: string[];

  @Texts('body', 'Subtypes.', INTERACTION_SUBTYPES.slice(0, 2))
  interactionSubtype?: string[];

  @Texts('body', 'Channels.', ['default'])
  channel?: string[];

  @Time('Received at this time or later.')
  from?: string;

  @Time('Received before this time.')
  to?: string;
}

/**
 * A filter in the words of the store.
 *
 * @throws OperationError for a day or an hour that does not exist.
 */
export function toEventFilter(fields: FilterFields): EventFilter {
  const { interaction, type, mediaType, interactionSubtype, channel } = fields;
  const from = toMillis('from', fields.from);
  const to = toMillis('to', fields.to);
  return {
    ...(interaction !== undefined && { interactionId: interaction }),
    ...(type !== undefined && { event: type }),
    ...(mediaType !== undefined && { mediaType }),
    ...(interactionSubtype !== undefined && { interactionSubtype }),
    ...(channel !== undefined && { channel }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/** A filter of the store in the words of the API: what {@link toEventFilter} was given. */
export function fromEventFilter(filter: EventFilter): FilterFields {
  const list = (values: string | readonly string[]): readonly string[] =>
    typeof values === 'string' ? [values] : values;
  const { interactionId, event, mediaType, interactionSubtype, channel, from, to } = filter;
  return {
    ...(interactionId !== undefined && { interaction: interactionId }),
    ...(event !== undefined && { type: list(event) }),
    ...(mediaType !== undefined && { mediaType: list(mediaType) }),
    ...(interactionSubtype !== undefined && { interactionSubtype: list(interactionSubtype) }),
    ...(channel !== undefined && { channel: list(channel) }),
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to).toISOString() }),
  };
}

function toMillis(name: string, time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const millis = Date.parse(time);
  // Date.parse takes 30 February for 2 March.
  const day = time.slice(0, 10);
  if (Number.isNaN(millis) || !new Date(day).toISOString().startsWith(day))
    throw badRequest([`${name} is a time that does not exist`]);
  return millis;
}

/**
 * What errors are grouped by, and picked by: the first line of a text that may have a stack behind it.
 *
 * @example
 * firstLine('Error: no such case\n    at CrmListener.closeCase'); // 'Error: no such case'
 */
export function firstLine(error: string): string {
  return error.split('\n', 1)[0] ?? '';
}
