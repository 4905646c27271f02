import fc from 'fast-check';

import { EVENT_TYPES, INTERACTION_SUBTYPES, MEDIA_TYPES } from '../../src/events/interaction-event.js';

/** Names that mean something to JavaScript, which a sender may use for fields like any other. */
const AWKWARD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
];
/** Text that one rule or another refuses, or should not. */
const AWKWARD_TEXT = ['', '\0', 'a\0b', '\ud800', '\udc00x', '\u{1f4de}', 'null', ' ', 'a'.repeat(10_000)];

const text = fc.oneof(
  { weight: 8, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.constantFrom(...AWKWARD_TEXT) },
);
const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), text);

/** Mostly what belongs there, sometimes nothing, rarely anything at all. */
const mostly = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 20, arbitrary: value },
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: anything },
  );

const listed = (values: readonly string[]): fc.Arbitrary<unknown> =>
  mostly(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: text }));

/** An object with all or some of `fields`, and with fields that nobody knows. */
function objectWith(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const unknown = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...AWKWARD_NAMES)), anything, {
    maxKeys: 2,
  });
  const known = fc.oneof(
    { weight: 4, arbitrary: fc.record(fields) },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
  );
  return fc.tuple(unknown, known).map((parts) => parseFields(parts.flatMap((part) => Object.entries(part))));
}

/** By way of JSON text, as a body comes: there "__proto__" is a field like any other. */
function parseFields(fields: readonly [name: string, value: unknown][]): object {
  const members = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return JSON.parse(`{${members.join()}}`) as object;
}

const entity = objectWith({
  id: mostly(text),
  mediaType: listed(MEDIA_TYPES),
  interactionSubtype: listed(INTERACTION_SUBTYPES),
  selfUri: mostly(text),
});
const event = objectWith({ event: listed(EVENT_TYPES), entity: mostly(entity) });
const data = objectWith({ entities: mostly(fc.array(mostly(event), { maxLength: 3 })) });

/** Parsed JSON objects that are valid payloads, nearly valid ones, or nothing of the kind. */
export const payloadLike: fc.Arbitrary<object> = fc.oneof(
  { weight: 9, arbitrary: objectWith({ operationId: mostly(text), data: mostly(data) }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => parseFields(Object.entries(value))),
  },
);
