import { createSecretKey, type KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { matchSignature, sameSecret, sign } from './signature.js';

const key = (secret: string | Uint8Array): KeyObject =>
  typeof secret === 'string' ? createSecretKey(secret, 'utf8') : createSecretKey(secret);
const filled = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);

/** https://www.rfc-editor.org/rfc/rfc2202#section-3 */
const RFC_2202: readonly [name: string, key: Uint8Array, data: Uint8Array, digest: string][] = [
  ['1', filled(20, 0x0b), Buffer.from('Hi There'), 'b617318655057264e28bc0b6fb378c8ef146be00'],
  [
    '2',
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  ],
  ['3', filled(20, 0xaa), filled(50, 0xdd), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
  [
    '4',
    Buffer.from('0102030405060708090a0b0c0d0e0f10111213141516171819', 'hex'),
    filled(50, 0xcd),
    '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
  ],
  ['5', filled(20, 0x0c), Buffer.from('Test With Truncation'), '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04'],
  [
    '6',
    filled(80, 0xaa),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    'aa4ae5e15272d00e95705637ce8a3b55ed402112',
  ],
  [
    '7',
    filled(80, 0xaa),
    Buffer.from('Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'),
    'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
  ],
];

describe('the signature of a body', () => {
  it.each(RFC_2202)('is the HMAC-SHA1 of RFC 2202, test case %s', (_, secret, data, digest) => {
    expect(sign(key(secret), data)).toBe(`sha1=${digest}`);
    expect(matchSignature([key(secret)], `sha1=${digest}`, data)).toBe(0);
  });

  it('verifies for any secret and any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.uint8Array(), (secret, body) => {
        expect(matchSignature([key(secret)], sign(key(secret), body), body)).toBe(0);
      }),
    );
  });

  it('does not verify once any bit of the body is flipped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (body, at) => {
        const header = sign(key('secret'), body);
        const bit = at % (body.length * 8);
        const flipped = Uint8Array.from(body);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(matchSignature([key('secret')], header, flipped)).toBe(-1);
      }),
    );
  });

  it('does not verify once any of its hex digits is another', () => {
    const body = Buffer.from('{}');
    const header = sign(key('secret'), body);
    for (let i = 'sha1='.length; i < header.length; i++) {
      for (const digit of '0123456789abcdef'.replace(header[i] as string, '')) {
        const other = header.slice(0, i) + digit + header.slice(i + 1);
        expect(matchSignature([key('secret')], other, body)).toBe(-1);
      }
    }
  });

  it('does not verify with another secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.uint8Array(), (secret, body) => {
        // HMAC pads a short key with zeros, so a key with zeros at its end is no other key.
        const other = Buffer.concat([secret, Buffer.from('x')]);
        expect(matchSignature([key(other)], sign(key(secret), body), body)).toBe(-1);
      }),
    );
  });
});

describe('the header X-Hub-Signature', () => {
  const body = Buffer.from('{"operationId":"f6c49d91"}');
  const hex = sign(key('secret'), body).slice('sha1='.length);

  it.each([
    ['lower case', `sha1=${hex}`],
    ['upper case digits', `sha1=${hex.toUpperCase()}`],
    ['upper case prefix', `SHA1=${hex}`],
    ['mixed case', `Sha1=${hex.slice(0, 20)}${hex.slice(20).toUpperCase()}`],
  ])('is taken in %s', (_, header) => {
    expect(matchSignature([key('secret')], header, body)).toBe(0);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['null', null],
    ['a number', 1],
    ['an array, as repeated headers are for some', [`sha1=${hex}`]],
    ['an object', { toString: () => `sha1=${hex}` }],
    ['empty', ''],
    ['without a prefix', hex],
    ['a prefix alone', 'sha1='],
    ['one digit short', `sha1=${hex.slice(1)}`],
    ['one digit long', `sha1=${hex}0`],
    ['repeated, as Node joins it', `sha1=${hex}, sha1=${hex}`],
    ['followed by a space', `sha1=${hex} `],
    ['preceded by a space', ` sha1=${hex}`],
    ['followed by a line end', `sha1=${hex}\n`],
    ['separated by a space', `sha1= ${hex}`],
    ['separated by a colon', `sha1:${hex}`],
    ['of another algorithm', `sha256=${hex}`],
    ['with a digit that is no hex', `sha1=${hex.slice(0, -1)}g`],
    ['with a letter that upper-cases to a prefix letter', `ſha1=${hex}`],
    ['with full-width digits', `sha1=${hex.replace(/./g, '１')}`],
    ['base64', `sha1=${Buffer.from(hex, 'hex').toString('base64')}`],
    ['longer than any header', `sha1=${hex.repeat(1_000)}`],
  ])('is refused when it is %s', (_, header) => {
    expect(matchSignature([key('secret')], header, body)).toBe(-1);
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.anything(), (header) => {
        expect(matchSignature([key('secret')], header, body)).toBe(-1);
      }),
    );
  });
});

describe('several secrets of a channel', () => {
  const body = Buffer.from('{}');
  const keys = ['current', 'older', 'oldest'].map(key);

  it.each([
    ['current', 0],
    ['older', 1],
    ['oldest', 2],
    ['unknown', -1],
  ])('are told apart by position: %s is %i', (secret, position) => {
    expect(matchSignature(keys, sign(key(secret), body), body)).toBe(position);
  });

  it('match at the first position when one is listed twice', () => {
    expect(matchSignature([key('a'), key('b'), key('b')], sign(key('b'), body), body)).toBe(1);
  });

  it('match nothing when there are none', () => {
    expect(matchSignature([], sign(key('current'), body), body)).toBe(-1);
  });
});

describe('sameSecret', () => {
  it('holds for the secret itself, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (secret) => {
        expect(sameSecret(key(secret), secret)).toBe(true);
      }),
    );
  });

  it('does not hold for any other text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (secret, candidate) => {
        expect(sameSecret(key(secret), candidate)).toBe(secret === candidate);
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a part of it', 'secre'],
    ['more than it', 'secret '],
    ['another case', 'Secret'],
    ['nothing', ''],
    ['an absent header', undefined],
    ['an array', ['secret']],
    ['bytes', Buffer.from('secret')],
  ])('does not hold for %s', (_, candidate) => {
    expect(sameSecret(key('secret'), candidate)).toBe(false);
  });
});
