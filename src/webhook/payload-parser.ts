import { isUtf8 } from 'node:buffer';

import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

import { compileValidator } from './compiled-validator.js';
import { EventsPayloadDto, LISTED_VALUES_ONLY } from './events-payload.dto.js';

/** Levels of nesting; deeper ones are an attack on whoever walks the value. */
const DEPTH_LIMIT = 64;
/** Faults that are named; a body of 10,000 wrong events would have its answer longer than itself. */
const FAULTS_LIMIT = 20;
/** Events of one payload; the vendor sends one, and a transaction of millions would hold up all others. */
const EVENTS_LIMIT = 100_000;
/** Events that are looked at for faults to name: class-validator needs more than a second for 60,000. */
const EXPLAINED_LIMIT = 1_000;
/** A group that no rule is in, so that only the rules for all groups apply. */
const NO_GROUP = 'any-value';

/** A payload, or every fault of it. */
export type ParsedPayload =
  | { readonly payload: EventsPayloadDto; readonly faults?: undefined }
  | { readonly payload?: undefined; readonly faults: readonly string[] };

/**
 * Makes the function that turns verified bytes into a payload. It never throws, and its faults quote
 * nothing of the body.
 *
 * @param unknownValues whether values that the vendor's page does not list are faults.
 * @see contract.md, "What we settle", 8
 * @example
 * createPayloadParser('reject')(Buffer.from('{"operationId":7}'));
 * // { faults: ['operationId must be a string'] }
 */
export function createPayloadParser(unknownValues: 'reject' | 'accept'): (body: Buffer) => ParsedPayload {
  const groups = [unknownValues === 'reject' ? LISTED_VALUES_ONLY : NO_GROUP];
  const isValid = compileValidator(EventsPayloadDto, groups);
  return (body) => {
    const fault = (sentence: string): ParsedPayload => ({ faults: [sentence] });
    if (body.length === 0) return fault('The body is empty');
    if (!isUtf8(body)) return fault('The body is not UTF-8');
    if (nestsDeeperThan(DEPTH_LIMIT, body)) return fault(`The body nests deeper than ${DEPTH_LIMIT} levels`);
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      // The parser's own message quotes the body.
      return fault('The body is not JSON');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return fault('The body is not a JSON object');
    }
    if (entitiesOf(value).length > EVENTS_LIMIT) {
      return fault(`data.entities has more than ${EVENTS_LIMIT} entries`);
    }
    if (isValid(value)) return { payload: value };
    return { faults: faultsOf(body, groups) };
  };
}

function faultsOf(body: Buffer, groups: string[]): readonly string[] {
  // class-transformer takes what an unknown field has under "constructor" for its class, and fails on it.
  const value = JSON.parse(body.toString('utf8'), (name, field: unknown) =>
    name === 'constructor' ? undefined : field,
  ) as object;
  const cut = cutEntities(value);
  const errors = validateSync(plainToInstance(EventsPayloadDto, value), {
    groups,
    forbidUnknownValues: true,
  });
  const faults = errors.flatMap((error) => [...sentences(error, '')]);
  const rest = cut ? [`data.entities may have more faults after its first ${EXPLAINED_LIMIT} entries`] : [];
  if (faults.length <= FAULTS_LIMIT) return [...faults, ...rest];
  return [...faults.slice(0, FAULTS_LIMIT), `and ${faults.length - FAULTS_LIMIT} more`, ...rest];
}

/** Drops what is not explained of a long list of events. */
function cutEntities(value: object): boolean {
  const entities = entitiesOf(value);
  if (entities.length <= EXPLAINED_LIMIT) return false;
  entities.length = EXPLAINED_LIMIT;
  return true;
}

/** What is in the place of the events, where that is a list. */
function entitiesOf(value: { data?: unknown }): unknown[] {
  const entities = (value.data as { entities?: unknown } | null | undefined)?.entities;
  return Array.isArray(entities) ? entities : [];
}

function* sentences(
  { property, constraints, children = [] }: ValidationError,
  parent: string,
): Generator<string> {
  const path = `${parent}${property}`;
  for (const [rule, message] of Object.entries(constraints ?? {})) {
    // Says once more, and without the path, what @IsObject says.
    if (rule !== 'nestedValidation') yield message.replace(property, path);
  }
  for (const child of children) yield* sentences(child, `${path}.`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether JSON text nests deeper than a limit, told from its bytes: before anything recurses into it. */
function nestsDeeperThan(limit: number, json: Buffer): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    switch (json[i] as number) {
      case QUOTE:
        for (i++; i < json.length && json[i] !== QUOTE; i++) if (json[i] === BACKSLASH) i++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limit) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
    }
  }
  return false;
}
