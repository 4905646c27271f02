import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform, Type as TransformTo } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsInt,
  IsObject,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

import { MayBeAbsent } from './validation.js';

/** Ids that one request may name. */
const IDS_LIMIT = 1_000;

/** A list of ids or positions in a body. */
export function Ids(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'array', items: { type: 'integer' }, description, example: [1, 2] }),
    MayBeAbsent(),
    IsArray(),
    ArrayNotEmpty(),
    ArrayMaxSize(IDS_LIMIT),
    IsInt({ each: true }),
    Min(1, { each: true }),
    Max(Number.MAX_SAFE_INTEGER, { each: true }),
  );
}

/** The filter of a command: it must be there, since none would mean all. */
export function Filter(type: () => Type, description = '`{}` picks all of them.'): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: () => type(), description }),
    IsObject({ message: 'filter must be an object; {} picks all' }),
    ValidateNested(),
    TransformTo(type),
  );
}

/** What a command that works in batches is sent beside its filter. */
export class BatchBody {
  @ApiPropertyOptional({
    type: String,
    description: '`next` of the batch before. Send the same filter with it, until `next` is null.',
  })
  // Null too, as the last batch has it: from the beginning.
  @Transform(({ value }: { value: unknown }) => value ?? undefined)
  @MayBeAbsent()
  @IsString()
  cursor?: string;
}

/** What one batch did. */
@ApiSchema({ name: 'Batch', description: 'What one batch did.' })
export class BatchDto {
  @ApiProperty({ type: 'integer', description: 'How many this batch changed.', example: 500 })
  count!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The `cursor` of the next batch; null when this was the last.',
  })
  next!: string | null;
}
