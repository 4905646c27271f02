import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { ValidateIf, type ValidationError } from 'class-validator';

import { badRequest } from './errors.js';

/**
 * What class-validator overlooks: it takes a name that every object inherits, such as "constructor", for one that
 * the DTO knows, and a filter with nothing else picks all.
 */
class StrictPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const faults = [...inheritedNames(value, '')];
    if (faults.length > 0) throw badRequest(faults);
    return super.transform(value, metadata);
  }
}

function* inheritedNames(value: unknown, parent: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value)) {
    if (name in Object.prototype) yield `${parent}${name} is not known here`;
    else yield* inheritedNames(field, `${parent}${name}.`);
  }
}

/** Checks queries and bodies by their DTOs, and names every fault: what no DTO knows is one too. */
export const VALIDATION = new StrictPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  exceptionFactory: (errors) => badRequest(errors.flatMap((error) => [...sentences(error, '')])),
});

/**
 * A field that may be left out. Unlike with `@IsOptional()`, `null` is not as good as nothing: in a filter it is
 * most likely a mistake, and nothing picks all.
 */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

function* sentences(
  { property, constraints = {}, children = [] }: ValidationError,
  parent: string,
): Generator<string> {
  const path = `${parent}${property}`;
  for (const [rule, message] of Object.entries(constraints)) {
    if (rule === 'whitelistValidation') yield `${path} is not known here`;
    // Says once more, and without the path, what @IsObject says.
    else if (rule !== 'nestedValidation') yield message.replace(property, path);
  }
  for (const child of children) yield* sentences(child, `${path}.`);
}
