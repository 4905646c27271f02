import { createHash, createHmac } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { diagnose, type Diagnosis, type Evidence } from './diagnose.js';
import type { KnownSecret } from './secret-variants.js';

const SECRETS: readonly KnownSecret[] = [
  { channel: 'default', from: 'WEBHOOK_SECRET, number 1 of 2', text: 'current' },
  { channel: 'default', from: 'WEBHOOK_SECRET, number 2 of 2', text: 'b2xkZXI=' },
  { channel: 'emea', from: 'WEBHOOK_SECRET_EMEA', text: 'of-emea' },
];
const VALUE = {
  operationId: 'ö/1',
  data: { entities: [{ event: 'STARTED', entity: { id: 'a', ids: [1, 2] } }] },
};
const BODY = JSON.stringify(VALUE);

const digest = (body: string | Buffer, key: string | Buffer = 'current', algorithm = 'sha1') =>
  createHmac(algorithm, key).update(body).digest();
const signed = (body: string | Buffer, key?: string | Buffer): string =>
  `sha1=${digest(body, key).toString('hex')}`;

function of(
  signatures: string | readonly string[],
  more: Partial<Omit<Evidence, 'body'>> & { body?: string | Buffer } = {},
): Diagnosis {
  return diagnose({
    channel: 'default',
    secrets: SECRETS,
    ...more,
    signatures: typeof signatures === 'string' ? [signatures] : signatures,
    body: Buffer.from(more.body ?? BODY),
  });
}

const codes = ({ causes }: Diagnosis): string[] => causes.map(({ code }) => code);

describe('a right signature', () => {
  it('is told with the secret that made it', () => {
    expect(of(signed(BODY, 'b2xkZXI='))).toMatchObject({ valid: true, secret: SECRETS[1], causes: [] });
  });

  it('is right in upper case too, with a remark', () => {
    const { valid, remarks } = of(signed(BODY).toUpperCase());
    expect({ valid, remarks }).toMatchObject({ valid: true, remarks: [{ code: 'hex-case' }] });
  });
});

describe('a wrong signature is explained by', () => {
  const hex = digest(BODY).toString('hex');
  const base64 = digest(BODY).toString('base64');

  it.each<[string, string | string[], string[]]>([
    ['a header that is missing', [], ['header-missing']],
    ['a header that is there twice', [signed(BODY), signed(BODY)], ['header-repeated']],
    ['a header that was joined', `${signed(BODY)}, ${signed(BODY)}`, ['header-repeated']],
    ['a missing prefix', hex, ['prefix-missing']],
    ['another prefix', `v1=${hex}`, ['prefix-missing']],
    ['a colon after the prefix', `sha1:${hex}`, ['prefix-form']],
    ['quotes', `"sha1=${hex}"`, ['header-quoted']],
    ['a header that is cut off', `sha1=${hex.slice(0, 31)}`, ['header-truncated']],
    ['a header that is too long', `sha1=${hex}00`, ['header-too-long']],
    ['base64', `sha1=${base64}`, ['encoding-base64']],
    ['base64 without a prefix', base64, ['prefix-missing', 'encoding-base64']],
    ['base64 of the hex digits', `sha1=${Buffer.from(hex).toString('base64')}`, ['encoding-base64']],
    ['SHA-256', `sha256=${digest(BODY, 'current', 'sha256').toString('hex')}`, ['algorithm']],
    ['SHA-256 that says SHA-1', `sha1=${digest(BODY, 'current', 'sha256').toString('hex')}`, ['algorithm']],
    [
      'SHA-512 in base64',
      `sha512=${digest(BODY, 'current', 'sha512').toString('base64')}`,
      ['encoding-base64', 'algorithm'],
    ],
    ['MD5', `md5=${digest(BODY, 'current', 'md5').toString('hex')}`, ['algorithm']],
    ['no HMAC', `sha1=${createHash('sha1').update(BODY).digest('hex')}`, ['no-hmac']],
    [
      'the secret before the body',
      `sha1=${createHash('sha1').update(`current${BODY}`).digest('hex')}`,
      ['no-hmac'],
    ],
    [
      'the secret behind the body',
      `sha1=${createHash('sha1').update(`${BODY}current`).digest('hex')}`,
      ['no-hmac'],
    ],
    ['a mask', 'sha1=****', ['no-digest']],
  ])('%s', (_, signatures, expected) => {
    const diagnosis = of(signatures);
    expect(codes(diagnosis)).toEqual(expected);
    expect(diagnosis).toMatchObject({ valid: false, proved: true });
  });

  it.each<[string, string | Buffer, string]>([
    ["another channel's secret", 'of-emea', 'secret-other-channel'],
    ['a newline behind the secret', 'current\n', 'secret-whitespace'],
    ['a space before the secret', ' current', 'secret-whitespace'],
    ['a secret that was decoded from base64', Buffer.from('older'), 'secret-encoding'],
    ['a secret that was encoded in base64', Buffer.from('current').toString('base64'), 'secret-encoding'],
    ['a secret in quotes', '"current"', 'secret-encoding'],
    ['a secret in upper case', 'CURRENT', 'secret-encoding'],
    ['the whole list as the secret', 'current,b2xkZXI=', 'secret-list'],
    ['no secret', '', 'secret-empty'],
  ])('%s', (_, key, expected) => {
    const diagnosis = of(signed(BODY, key));
    expect(codes(diagnosis)).toEqual([expected]);
    expect(diagnosis.proved).toBe(true);
  });

  const spaced =
    '{"operationId": "\\u00f6/1", "data": {"entities": [{"event": "STARTED", "entity": {"id": "a", "ids": [1, 2]}}]}}';
  const jackson =
    '{\n  "operationId" : "ö/1",\n  "data" : {\n    "entities" : [ {\n      "event" : "STARTED",\n      "entity" : {\n        "id" : "a",\n        "ids" : [ 1, 2 ]\n      }\n    } ]\n  }\n}';
  const sorted =
    '{"data":{"entities":[{"entity":{"id":"a","ids":[1,2]},"event":"STARTED"}]},"operationId":"ö/1"}';

  it.each<[string, string, string | Buffer, string]>([
    ['JSON that was indented', BODY, JSON.stringify(VALUE, null, 2), 'json-rewritten'],
    ['JSON that was minified', JSON.stringify(VALUE, null, '\t'), BODY, 'json-rewritten'],
    ["Python's JSON", spaced, BODY, 'json-rewritten'],
    ["Jackson's JSON", jackson, BODY, 'json-rewritten'],
    ["PHP's JSON", BODY.replace('ö/', '\\u00f6\\/'), BODY, 'json-rewritten'],
    ['sorted keys', sorted, BODY, 'json-rewritten'],
    ['what jq prints', `${JSON.stringify(VALUE, null, 2)}\n`, BODY, 'json-rewritten'],
    ['a newline that was added', BODY, `${BODY}\n`, 'trailing-newline-added'],
    ['a CRLF that was added', BODY, `${BODY}\r\n`, 'trailing-newline-added'],
    ['a newline that was removed', `${BODY}\n`, BODY, 'trailing-newline-removed'],
    ['line ends that became CRLF', '{\n}', '{\r\n}', 'line-ends'],
    ['line ends that became LF', '{\r\n}', '{\n}', 'line-ends'],
    ['a BOM that was added', BODY, `\ufeff${BODY}`, 'bom-added'],
    ['a BOM that was removed', `\ufeff${BODY}`, BODY, 'bom-removed'],
    ['a body in base64', BODY, Buffer.from(BODY).toString('base64'), 'body-base64'],
    ['a body as a JSON string', BODY, JSON.stringify(BODY), 'body-quoted'],
    ['an empty body', '', BODY, 'body-empty-signed'],
  ])('%s', (_, before, now, expected) => {
    const diagnosis = of(signed(before), { body: now });
    expect(codes(diagnosis)).toEqual([expected]);
    expect(diagnosis.proved).toBe(true);
  });

  it('another character set', () => {
    expect(codes(of(signed(Buffer.from(BODY, 'latin1'))))).toEqual(['charset']);
  });

  it('bytes behind those of Content-Length', () => {
    const diagnosis = of(signed(BODY), { body: `${BODY}--end`, contentLength: Buffer.byteLength(BODY) });
    expect(codes(diagnosis)).toEqual(['body-too-long']);
  });

  it('several causes at once, all of them named', () => {
    const value = digest(`${BODY}\n`, 'of-emea').toString('base64');
    const expected = [
      'prefix-missing',
      'encoding-base64',
      'secret-other-channel',
      'trailing-newline-removed',
    ];
    expect(codes(of(value))).toEqual(expected);
  });

  it('a style of JSON that is named', () => {
    expect(of(signed(spaced)).causes[0]?.what).toContain('as Python writes it; other than ASCII escaped');
    expect(of(signed(sorted)).causes[0]?.what).toContain('minified; keys sorted');
  });
});

describe('where nothing explains a wrong signature, what is likely is said as such:', () => {
  it.each<[string, string, number | undefined, string]>([
    ['Content-Length is more than there is', '{"a":', 100, 'body-truncated'],
    ['the JSON does not end', '{"a": "b', undefined, 'body-truncated'],
    ['bytes were lost', '{"a":"\ufffd"}', undefined, 'charset'],
    ['the secret is another', BODY, undefined, 'secret-unknown'],
  ])('%s', (_, body, contentLength, expected) => {
    const diagnosis = of(signed('{"a":"bc"}', 'nobody-knows'), { body, contentLength });
    expect(codes(diagnosis)).toEqual([expected]);
    expect(diagnosis).toMatchObject({ valid: false, proved: false });
    expect(diagnosis.secret).toBeUndefined();
  });
});

it('no explanation contains a secret', () => {
  const all = ['of-emea', 'current\n', '"current"', 'current,b2xkZXI=', 'other'].map((key) =>
    of(signed(BODY, key)),
  );
  const told = all
    .flatMap(({ causes }) => causes.map(({ what, todo }) => `${what} ${todo ?? ''}`))
    .join('\n');
  expect(told).toContain('WEBHOOK_SECRET');
  expect(told).not.toMatch(/of-emea|b2xkZXI=|"current"/);
});
