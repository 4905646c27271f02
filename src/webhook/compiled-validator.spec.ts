import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { IsString, MinLength, ValidateIf, ValidateNested, validateSync } from 'class-validator';
import fc from 'fast-check';

import { payloadLike } from '../../test/support/arbitrary-payload.js';
import { compileValidator, Nested } from './compiled-validator.js';
import { EventsPayloadDto, LISTED_VALUES_ONLY } from './events-payload.dto.js';

const GROUPS = [LISTED_VALUES_ONLY, 'any-value'];

/** The verdict of the library whose decorators are compiled. */
function isValidForLibrary(value: object, group: string): boolean {
  const options = { groups: [group], forbidUnknownValues: true };
  return validateSync(plainToInstance(EventsPayloadDto, value), options).length === 0;
}

describe.each(GROUPS)('a compiled validator of the group %s', (group) => {
  const isValid = compileValidator(EventsPayloadDto, [group]);

  it('says of any JSON object what class-validator says', () => {
    fc.assert(
      fc.property(payloadLike, (value) => {
        expect(isValid(value)).toBe(isValidForLibrary(value, group));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['an empty object', '{}', true],
    ["the sample of the vendor's page", '{"operationId":"x","data":{"entities":[{}]}}', true],
    ['null for every field', '{"operationId":null,"data":null}', true],
    ['null for an entity', '{"data":{"entities":[{"event":null,"entity":null}]}}', true],
    ['null for the entities', '{"data":{"entities":null}}', true],
    ['unknown fields on every level', '{"a":1,"data":{"b":2,"entities":[{"c":3,"entity":{"d":4}}]}}', true],
    ['null as an event', '{"data":{"entities":[null]}}', false],
    ['a number as an event', '{"data":{"entities":[{},1]}}', false],
    ['an array as an event', '{"data":{"entities":[[]]}}', false],
    ['an object for the array', '{"data":{"entities":{"0":{}}}}', false],
    ['text for the array', '{"data":{"entities":"STARTED"}}', false],
    ['an array for an object', '{"data":[]}', false],
    ['text for an object', '{"data":"entities"}', false],
    ['a number for text', '{"operationId":1}', false],
    ['U+0000 in text', '{"operationId":"\\u0000"}', false],
    ['half a surrogate pair in text', '{"operationId":"\\udfff"}', false],
  ])('knows what to say of %s', (_, json, verdict) => {
    const value = JSON.parse(json) as object;
    expect(isValid(value)).toBe(verdict);
    expect(isValidForLibrary(value, group)).toBe(verdict);
  });
});

describe('a compiled validator', () => {
  it('minds rules of its own group alone', () => {
    const value = { data: { entities: [{ event: 'PAUSED', entity: { mediaType: 'fax' } }] } };
    expect(compileValidator(EventsPayloadDto, [LISTED_VALUES_ONLY])(value)).toBe(false);
    expect(compileValidator(EventsPayloadDto, ['any-value'])(value)).toBe(true);
  });

  it('is not made for a decorator that it does not know', () => {
    class Inner {
      @IsString()
      text?: string;
    }
    class Unmarked {
      @ValidateNested({ always: true })
      inner?: Inner;
    }
    expect(() => compileValidator(Unmarked, [])).toThrow(
      'Unmarked.inner needs @Nested instead of @ValidateNested.',
    );
  });

  it('minds the arguments of a rule', () => {
    class Named {
      @MinLength(3, { always: true })
      name?: string;
    }
    class Holder {
      @Nested(() => Named, { always: true })
      named?: Named;
    }
    const isValid = compileValidator(Holder, []);
    expect(isValid({ named: { name: 'abc' } })).toBe(true);
    expect(isValid({ named: { name: 'ab' } })).toBe(false);
  });

  it('is not made for a condition of its own, which is not @IsOptional', () => {
    class Conditional {
      @ValidateIf(() => false, { always: true })
      @IsString({ always: true })
      text?: string;
    }
    expect(() => compileValidator(Conditional, [])).toThrow('compileValidator does not know');
  });
});
