import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { digest, eventKeys, interactionKey, type KeySource } from './keys.js';

/** Few texts, so that parts are often equal, and text in which parts could end if they were merely joined. */
const part = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b') },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('a', '"', ',', '\\', ' ', ':', '\0') }) },
  { weight: 1, arbitrary: fc.string() },
);
const optional = fc.option(part, { nil: undefined });
const source: fc.Arbitrary<KeySource> = fc.record({
  channel: part,
  operationId: optional,
  interactionId: optional,
  type: optional,
  position: fc.nat(1_000),
});
const identified = fc.record({
  channel: part,
  operationId: part,
  interactionId: part,
  type: optional,
  position: fc.nat(9),
});
const anonymous = fc.oneof(
  source.map((fields) => ({ ...fields, operationId: undefined })),
  source.map((fields) => ({ ...fields, interactionId: undefined })),
);

const BODY = Buffer.from('{"data":{"entities":[{}]}}');
const dedupKey = (fields: KeySource, body: Uint8Array = BODY): string => eventKeys(fields, body).dedupKey;
const lineKey = (fields: KeySource, body: Uint8Array = BODY): string =>
  eventKeys(fields, body).interactionKey;

describe('the idempotency key of an event', () => {
  it('is the same for the same event', () => {
    fc.assert(
      fc.property(source, fc.uint8Array(), (fields, body) => {
        expect(dedupKey({ ...fields }, Uint8Array.from(body))).toBe(dedupKey(fields, body));
      }),
    );
  });

  it('is short text that needs no escapes, however long the ids are', () => {
    const id = 'x'.repeat(1_000_000);
    const long = { channel: id, operationId: id, interactionId: id, type: id, position: 0 };
    expect(dedupKey(long)).toMatch(/^[\w-]{22}$/);
    expect(dedupKey({ ...long, interactionId: `${id.slice(1)}y` })).not.toBe(dedupKey(long));
    fc.assert(
      fc.property(source, (fields) => {
        expect(dedupKey(fields)).toMatch(/^[\w-]{22}$/);
        expect(lineKey(fields)).toMatch(/^[\w-]{22}$/);
      }),
    );
  });
});

describe('the idempotency key of an event with operationId and interaction id', () => {
  it('differs exactly where channel, operationId, interaction id or type differ', () => {
    fc.assert(
      fc.property(identified, identified, (a, b) => {
        const same =
          a.channel === b.channel &&
          a.operationId === b.operationId &&
          a.interactionId === b.interactionId &&
          a.type === b.type;
        expect(dedupKey(a) === dedupKey(b)).toBe(same);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['channel', 'operationId', 'interactionId', 'type'] as const)('depends on the %s', (name) => {
    fc.assert(
      fc.property(identified, part, (fields, other) => {
        fc.pre(fields[name] !== other);
        expect(dedupKey({ ...fields, [name]: other })).not.toBe(dedupKey(fields));
      }),
    );
  });

  it('depends neither on the position nor on the body: the vendor may batch an event differently', () => {
    fc.assert(
      fc.property(identified, fc.nat(1_000), fc.uint8Array(), (fields, position, body) => {
        expect(dedupKey({ ...fields, position }, body)).toBe(dedupKey(fields));
      }),
    );
  });

  it('does not take the end of one part for the beginning of the next', () => {
    fc.assert(
      fc.property(part, fc.nat(), fc.nat(), (text, at, other) => {
        const split = (index: number): KeySource => ({
          channel: 'default',
          operationId: text.slice(0, index % (text.length + 1)),
          interactionId: text.slice(index % (text.length + 1)),
          type: 'STARTED',
          position: 0,
        });
        fc.pre(at % (text.length + 1) !== other % (text.length + 1));
        expect(dedupKey(split(at))).not.toBe(dedupKey(split(other)));
      }),
    );
  });

  it.each([
    ['no type', undefined, ''],
    ['no type', undefined, 'null'],
    ['no type', undefined, 'undefined'],
    ['another case', 'STARTED', 'started'],
    ['another normal form of Unicode', '\u00e9', 'e\u0301'],
  ])('tells %s apart (%p, %p)', (_, type, other) => {
    const fields = { channel: 'default', operationId: 'o', interactionId: 'i', position: 0 };
    expect(dedupKey({ ...fields, type })).not.toBe(dedupKey({ ...fields, type: other }));
  });
});

describe('the idempotency key of an event without operationId or without interaction id', () => {
  it('differs exactly where channel, body or position differ', () => {
    fc.assert(
      fc.property(anonymous, anonymous, fc.boolean(), (a, b, sameBody) => {
        const other = sameBody ? BODY : Buffer.concat([BODY, Buffer.from(' ')]);
        const same = a.channel === b.channel && a.position === b.position && sameBody;
        expect(dedupKey(a) === dedupKey(b, other)).toBe(same);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([0, 1, 10])('depends on the position, such as %i', (position) => {
    const fields = { channel: 'default', operationId: 'o', interactionId: undefined, type: 'STARTED' };
    expect(dedupKey({ ...fields, position })).not.toBe(dedupKey({ ...fields, position: position + 1 }));
  });

  it('depends on every byte of the body', () => {
    fc.assert(
      fc.property(anonymous, fc.uint8Array({ minLength: 1 }), fc.nat(), (fields, body, at) => {
        const other = Uint8Array.from(body);
        other[at % body.length] = (other[at % body.length] as number) ^ 1;
        expect(dedupKey(fields, other)).not.toBe(dedupKey(fields, body));
      }),
    );
  });

  it('is never that of an event with both', () => {
    fc.assert(
      fc.property(identified, anonymous, (a, b) => {
        expect(dedupKey(a)).not.toBe(dedupKey(b));
      }),
    );
  });
});

describe('the key of an interaction', () => {
  it('is one for all events of an interaction, whatever else they carry', () => {
    fc.assert(
      fc.property(source, source, part, part, (a, b, channel, interactionId) => {
        const key = interactionKey(channel, interactionId);
        expect(lineKey({ ...a, channel, interactionId })).toBe(key);
        expect(lineKey({ ...b, channel, interactionId })).toBe(key);
      }),
    );
  });

  it('differs exactly where channel or interaction id differ', () => {
    fc.assert(
      fc.property(part, part, part, part, (channel, id, otherChannel, otherId) => {
        const same = channel === otherChannel && id === otherId;
        expect(interactionKey(channel, id) === interactionKey(otherChannel, otherId)).toBe(same);
      }),
    );
  });

  it('is missing without an id, and then the event is in order with nothing but itself', () => {
    const fields = {
      channel: 'default',
      operationId: 'o',
      interactionId: undefined,
      type: 'STARTED',
      position: 0,
    };
    expect(interactionKey('default', undefined)).toBeUndefined();
    expect(lineKey(fields)).toBe(dedupKey(fields));
    expect(lineKey(fields)).not.toBe(lineKey({ ...fields, position: 1 }));
  });

  it('is never the idempotency key of an event with an interaction id', () => {
    fc.assert(
      fc.property(source, part, (fields, interactionId) => {
        expect(lineKey({ ...fields, interactionId })).not.toBe(dedupKey({ ...fields, interactionId }));
      }),
    );
  });
});

describe('the digest of a body', () => {
  it('is its SHA-256 in hex', () => {
    expect(digest(Buffer.alloc(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(digest(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
    );
  });
});
