import { applyDecorators, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiPropertyOptional, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

import { badRequest } from './errors.js';

/** Items of a page at the most. */
const PAGE_LIMIT = 500;
const PAGE_DEFAULT = 50;
const DIGITS = /^\d{1,15}$/;

/** Text of digits as its number; anything else is left for the validation to refuse. */
export const toInteger = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;

/** The query parameters of whatever comes in pages. */
export class PageQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: PAGE_LIMIT,
    default: PAGE_DEFAULT,
    description: 'Items at the most.',
  })
  @Transform(toInteger)
  @IsInt()
  @Min(1)
  @Max(PAGE_LIMIT)
  limit: number = PAGE_DEFAULT;

  @ApiPropertyOptional({ type: String, description: '`next` of the page before.' })
  @IsOptional()
  @IsString()
  cursor?: string;
}

/** Some items, the newest first, and where those after them begin. */
export interface Page<T> {
  readonly items: readonly T[];
  /** For the `cursor` of the next page; null: this is the last. */
  readonly next: string | null;
}

/** A position as an opaque cursor. It stays where it is while new items arrive, for positions only grow. */
export function encodeCursor(...position: readonly number[]): string {
  return Buffer.from(position.join('.')).toString('base64url');
}

/**
 * The position of a cursor; `undefined` where there is none.
 *
 * @param length how many numbers the position has.
 * @throws OperationError for a cursor that is none of ours.
 * @example
 * const [seq] = decodeCursor(query.cursor, 1) ?? [];
 */
export function decodeCursor(cursor: string | undefined, length: number): readonly number[] | undefined {
  if (cursor === undefined) return undefined;
  const parts = Buffer.from(cursor, 'base64url').toString('latin1').split('.');
  if (parts.length !== length || !parts.every((part) => DIGITS.test(part))) {
    throw badRequest(['cursor is not one that was given as "next" here']);
  }
  return parts.map(Number);
}

/**
 * Makes a page of one row more than it may have: whether there is that row tells whether there is a next page.
 *
 * @param positionOf the position of a row, for the cursor.
 */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => readonly number[],
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, next: more ? encodeCursor(...positionOf(last)) : null };
}

/** A page of `item` in the OpenAPI document. */
export function PageResponse(item: Type, description: string): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(item),
    ApiResponse({
      status: 200,
      description,
      schema: {
        type: 'object',
        required: ['items', 'next'],
        properties: {
          items: { type: 'array', items: { $ref: getSchemaPath(item) } },
          next: {
            type: 'string',
            nullable: true,
            description: 'The `cursor` of the next page; null on the last one.',
          },
        },
      },
    }),
  );
}

/**
 * An id or a position in a path, as a number. What can be none is 0, which nothing has: not found, not wrong.
 *
 * @example
 * show(@Param('seq', PositionPipe) seq: number)
 */
@Injectable()
export class PositionPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    return DIGITS.test(value) ? Number(value) : 0;
  }
}
