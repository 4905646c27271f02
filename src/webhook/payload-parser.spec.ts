import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { payloadLike } from '../../test/support/arbitrary-payload.js';
import { createPayloadParser } from './payload-parser.js';

const strict = createPayloadParser('reject');
const lenient = createPayloadParser('accept');
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const event = (fields: object): object => ({ data: { entities: [fields] } });
const entity = (fields: object): object => event({ entity: fields });

const EVENTS = 'must be one of the following values: STARTED, FINISHED';
const MEDIA = 'must be one of the following values: chat, email';
const SUBTYPES =
  'must be one of the following values: InboundNew, Outbound, SMS, WhatsApp, FacebookPublic, FacebookPrivate, TwitterPublic, TwitterPrivate';
const STORABLE = 'must not contain U+0000 or an unpaired surrogate';

describe('a body that is no JSON object', () => {
  it.each([
    ['empty', '', 'The body is empty'],
    ['cut off', '{"operationId":"x"', 'The body is not JSON'],
    ['blank', '   ', 'The body is not JSON'],
    ['a form', 'operationId=x', 'The body is not JSON'],
    ['JSON with a comma too many', '{"operationId":"x",}', 'The body is not JSON'],
    ['JSON with a comment', '{/* */}', 'The body is not JSON'],
    ['JSON after a byte order mark', '\ufeff{}', 'The body is not JSON'],
    ['two JSON objects', '{}{}', 'The body is not JSON'],
    ['NaN', '{"x":NaN}', 'The body is not JSON'],
    ['a control character in text', '{"x":"\u0001"}', 'The body is not JSON'],
    ['an array', '[]', 'The body is not a JSON object'],
    ['null', 'null', 'The body is not a JSON object'],
    ['text', '"{}"', 'The body is not a JSON object'],
    ['a number', '0', 'The body is not a JSON object'],
    ['a truth', 'true', 'The body is not a JSON object'],
  ])('is told so: %s', (_, text, fault) => {
    expect(strict(Buffer.from(text))).toEqual({ faults: [fault] });
  });

  it.each([
    ['Latin-1', Buffer.from('{"operationId":"é"}', 'latin1')],
    ['UTF-16', Buffer.from('{"operationId":"x"}\ud83d', 'utf16le')],
    ['an overlong encoding', Buffer.from([0x7b, 0xc0, 0x80, 0x7d])],
    ['an encoded surrogate', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])],
    ['a character that is cut off', Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xe2, 0x82])])],
  ])('is told so: %s', (_, body) => {
    expect(strict(body)).toEqual({ faults: ['The body is not UTF-8'] });
  });
});

describe('a payload', () => {
  it.each([
    ['that is empty', {}],
    ['without data', { operationId: 'x' }],
    ['without events', { data: { entities: [] } }],
    [
      "of the vendor's page",
      { operationId: 'f6c49d91-926b-4473-b2f3-8d8fd295c968', data: { entities: [{}] } },
    ],
    ['with null for every field', { operationId: null, data: { entities: [{ event: null, entity: null }] } }],
    ['with fields that nobody knows', { ...entity({ id: 'x', priority: [1, { a: 2 }] }), version: 4 }],
    ['with every listed value', entity({ mediaType: 'email', interactionSubtype: 'TwitterPrivate' })],
    ['with a whole surrogate pair', entity({ id: '\u{1f4de}' })],
    ['with empty text', entity({ id: '', selfUri: '' })],
  ])('%s is taken as it is', (_, value) => {
    expect(strict(json(value))).toEqual({ payload: value });
    expect(lenient(json(value))).toEqual({ payload: value });
  });

  it('has the last of two fields with one name', () => {
    expect(strict(Buffer.from('{"operationId":"first","operationId":"last"}')).payload?.operationId).toBe(
      'last',
    );
  });

  it.each<[string, object, string[]]>([
    ['operationId is a number', { operationId: 7 }, ['operationId must be a string']],
    ['operationId is an object', { operationId: {} }, ['operationId must be a string']],
    ['operationId has U+0000', { operationId: 'a\0' }, [`operationId ${STORABLE}`]],
    ['data is text', { data: 'entities' }, ['data must be an object']],
    ['data is a number', { data: 0 }, ['data must be an object']],
    ['data is an array', { data: [] }, ['data must be an object']],
    ['entities is an object', { data: { entities: {} } }, ['data.entities must be an array']],
    [
      'an event is null',
      { data: { entities: [{}, null] } },
      ['each value in data.entities must be an object'],
    ],
    [
      'an event is text',
      { data: { entities: ['STARTED'] } },
      ['each value in data.entities must be an object'],
    ],
    ['an event is an array', { data: { entities: [[]] } }, ['each value in data.entities must be an object']],
    ['entity is text', event({ entity: 'x' }), ['data.entities.0.entity must be an object']],
    ['entity is an array', event({ entity: [{}] }), ['data.entities.0.entity must be an object']],
    ['id is a number', entity({ id: 7 }), ['data.entities.0.entity.id must be a string']],
    ['id has U+0000', entity({ id: '\0' }), [`data.entities.0.entity.id ${STORABLE}`]],
    ['id has half a surrogate pair', entity({ id: 'a\ud800' }), [`data.entities.0.entity.id ${STORABLE}`]],
    ['selfUri is a truth', entity({ selfUri: true }), ['data.entities.0.entity.selfUri must be a string']],
    [
      'the third event is wrong',
      { data: { entities: [{}, {}, { entity: { id: 1 } }] } },
      ['data.entities.2.entity.id must be a string'],
    ],
    [
      'the eleventh event is wrong',
      { data: { entities: [...Array<object>(10).fill({}), { entity: { selfUri: 1 } }] } },
      ['data.entities.10.entity.selfUri must be a string'],
    ],
  ])('is refused, whatever UNKNOWN_VALUES, when %s', (_, value, faults) => {
    expect(strict(json(value))).toEqual({ faults });
    expect(lenient(json(value))).toEqual({ faults });
  });

  it.each<[string, object, string]>([
    ['event', event({ event: 'PAUSED' }), `data.entities.0.event ${EVENTS}`],
    ['event in another case', event({ event: 'started' }), `data.entities.0.event ${EVENTS}`],
    ['event that is empty', event({ event: '' }), `data.entities.0.event ${EVENTS}`],
    ['mediaType', entity({ mediaType: 'fax' }), `data.entities.0.entity.mediaType ${MEDIA}`],
    [
      'mediaType of an object',
      entity({ mediaType: 'toString' }),
      `data.entities.0.entity.mediaType ${MEDIA}`,
    ],
    [
      'interactionSubtype',
      entity({ interactionSubtype: 'Telex' }),
      `data.entities.0.entity.interactionSubtype ${SUBTYPES}`,
    ],
  ])('with an unlisted %s is refused by default, and taken with UNKNOWN_VALUES=accept', (_, value, fault) => {
    expect(strict(json(value))).toEqual({ faults: [fault] });
    expect(lenient(json(value))).toEqual({ payload: value });
  });

  it('has every fault named at once', () => {
    const wrong = {
      operationId: 1,
      data: { entities: [{ event: 'PAUSED' }, { entity: { id: 2, mediaType: 'fax' } }] },
    };
    expect(strict(json(wrong)).faults).toEqual([
      'operationId must be a string',
      `data.entities.0.event ${EVENTS}`,
      'data.entities.1.entity.id must be a string',
      `data.entities.1.entity.mediaType ${MEDIA}`,
    ]);
  });

  it('has no more than 20 faults named, and the others counted', () => {
    const wrong = (count: number): Buffer =>
      json({ data: { entities: Array(count).fill({ entity: { id: 1 } }) } });
    expect(strict(wrong(20)).faults).toHaveLength(20);
    expect(strict(wrong(20)).faults?.at(-1)).toBe('data.entities.19.entity.id must be a string');
    expect(strict(wrong(21)).faults).toHaveLength(21);
    expect(strict(wrong(21)).faults?.at(-1)).toBe('and 1 more');
    expect(strict(wrong(1_000)).faults?.at(-1)).toBe('and 980 more');
  });

  it('is, or has faults that name a field in a readable sentence: never both, never neither', () => {
    const sentence =
      /^((operationId|data(\.entities(\.\d+(\.event|\.entity(\.(id|mediaType|interactionSubtype|selfUri))?)?)?)?) must (be|not contain) .+|each value in data\.entities must be an object|and \d+ more)$/;
    fc.assert(
      fc.property(payloadLike, (value) => {
        const { payload, faults } = strict(json(value));
        if (payload === undefined) expect(faults.length).toBeGreaterThan(0);
        else expect(payload).toEqual(value);
        for (const fault of faults ?? []) expect(fault).toMatch(sentence);
        expect(new Set(faults).size).toBe(faults?.length ?? 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json(), fc.string()), (bytes) => {
        const { payload, faults } = strict(Buffer.from(bytes as string));
        expect(payload === undefined).toBe(faults !== undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is quoted in no fault', () => {
    const quoted = 'confidential';
    const faults = [
      `{"operationId":"${quoted}`,
      quoted,
      JSON.stringify({ operationId: { [quoted]: quoted }, data: quoted }),
      JSON.stringify({ data: { entities: [quoted, { [quoted]: 1, event: quoted, entity: quoted }] } }),
      JSON.stringify(
        entity({ id: [quoted], mediaType: quoted, interactionSubtype: quoted, selfUri: { quoted } }),
      ),
    ].map((body) => strict(Buffer.from(body)).faults);
    for (const named of faults) expect(named?.length).toBeGreaterThan(0);
    expect(JSON.stringify(faults)).not.toContain(quoted);
  });
});

describe('nesting', () => {
  const DEEP = { faults: ['The body nests deeper than 64 levels'] };
  const arrays = (depth: number): string => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  const objects = (depth: number): string => `${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const taken = (text: string): boolean => strict(Buffer.from(text)).payload !== undefined;

  it.each([
    ['arrays', arrays],
    ['objects', objects],
  ])('of 64 levels of %s is taken, of 65 refused', (_, nested) => {
    expect(taken(nested(64))).toBe(true);
    expect(strict(Buffer.from(nested(65)))).toEqual(DEEP);
  });

  it('is counted where it is, not where it was', () => {
    expect(taken(`{"x":[${Array(100).fill('[[]]').join()}]}`)).toBe(true);
    expect(taken(`{"a":${objects(63)},"b":${arrays(63)}}`)).toBe(true);
    expect(taken(`{"a":${objects(63)},"b":${arrays(64)}}`)).toBe(false);
  });

  it.each([
    ['brackets', '['.repeat(1_000)],
    ['braces', '{'.repeat(1_000)],
    ['brackets after an escaped quote', `\\"${'['.repeat(100)}`],
    ['brackets between escaped quotes', `\\"${'['.repeat(100)}\\"`],
    ['brackets after an escaped backslash and quote', `\\\\\\"${'['.repeat(100)}`],
    ['brackets after an escape by number', `\\u0022${'['.repeat(100)}`],
    ['closing brackets', ']'.repeat(100)],
  ])('does not count %s inside of text', (_, text) => {
    expect(JSON.parse(`{"operationId":"${text}"}`)).toBeDefined();
    expect(taken(`{"operationId":"${text}"}`)).toBe(true);
    expect(taken(`{"${text}":1}`)).toBe(true);
    expect(taken(`{"operationId":"${text}","x":${arrays(63)}}`)).toBe(true);
    expect(strict(Buffer.from(`{"operationId":"${text}","x":${arrays(64)}}`))).toEqual(DEEP);
  });

  it('counts on after text that ends in an escaped backslash', () => {
    expect(strict(Buffer.from(`{"operationId":"\\\\","x":${arrays(64)}}`))).toEqual(DEEP);
  });

  it('is refused in a body of nothing else', () => {
    const body = Buffer.from('['.repeat(1_000_000));
    expect(strict(body)).toEqual(DEEP);
  });

  it('of text that never ends is no matter of depth', () => {
    expect(strict(Buffer.from(`{"x":"${'['.repeat(100)}`))).toEqual({ faults: ['The body is not JSON'] });
    expect(strict(Buffer.from(`{"x":"${'['.repeat(100)}\\`))).toEqual({ faults: ['The body is not JSON'] });
  });
});

describe('a body with very many events', () => {
  const many = (count: number): Buffer => json({ data: { entities: Array<object>(count).fill({}) } });

  it('is taken with 100,000 of them, and refused with one more', () => {
    expect(strict(many(100_000)).faults).toBeUndefined();
    expect(strict(many(100_001))).toEqual({ faults: ['data.entities has more than 100000 entries'] });
  });
});

describe('a body with very many wrong events', () => {
  it('is refused soon, with the first faults and a word about the rest', () => {
    const entities = Array.from({ length: 5_000 }, () => ({ event: 1 }));
    const { faults } = createPayloadParser('reject')(Buffer.from(JSON.stringify({ data: { entities } })));
    expect(faults?.[0]).toMatch(/^data\.entities\.0\.event must be /);
    expect(faults?.at(-1)).toBe('data.entities may have more faults after its first 1000 entries');
    expect(faults?.length).toBeLessThan(30);
  });
});
