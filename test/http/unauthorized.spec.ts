import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { CANARY, expectAccepted, expectRefusal } from '../support/answers.js';
import { exchange, rawPost } from '../support/raw-socket.js';
import { countRows } from '../support/rows.js';
import { PATH, payload, SECRET, signature, TestService, toBytes, type Answer } from '../support/service.js';

const OTHER_SECRET = 'secret-of-another-channel';
const API_KEY = 'key-of-the-api';
const body = toBytes({ ...payload('STARTED', 'one'), unknown: CANARY });
const right = signature(body);

let service: TestService;
let remote: TestService;
beforeAll(async () => {
  const env = { WEBHOOK_SECRET_OTHER: OTHER_SECRET };
  service = await TestService.start({ ...env, WEBHOOK_API_KEY: API_KEY });
  remote = await TestService.start({ ...env, ALLOWED_IPS: '192.0.2.0/24' });
});
afterAll(() => Promise.all([service.stop(), remote.stop()]));

const post = (headers: Record<string, string | undefined>, path?: string, bytes = body): Promise<Answer> =>
  service.post(bytes, { 'x-api-key': API_KEY, ...headers }, path);

/** Header lines that no HTTP client would send twice. */
const raw = (...lines: string[]): Promise<Answer> =>
  exchange(service.port, rawPost(body, { without: ['x-hub-signature'], lines }));

/** Every way to fail: the sender must not learn which it was. */
const VARIANTS: readonly (readonly [string, () => Promise<Answer>])[] = [
  ['no signature', () => post({ 'x-hub-signature': undefined })],
  ['an empty signature', () => post({ 'x-hub-signature': '' })],
  ['no prefix', () => post({ 'x-hub-signature': right.slice('sha1='.length) })],
  ['another algorithm', () => post({ 'x-hub-signature': right.replace('sha1', 'sha256') })],
  ['a digit too few', () => post({ 'x-hub-signature': right.slice(0, -1) })],
  ['a digit too many', () => post({ 'x-hub-signature': `${right}0` })],
  ['no hex digits', () => post({ 'x-hub-signature': `sha1=${'g'.repeat(40)}` })],
  ['a space inside', () => post({ 'x-hub-signature': right.replace('=', '= ') })],
  [
    'Base64',
    () => post({ 'x-hub-signature': `sha1=${Buffer.from(right.slice(5), 'hex').toString('base64')}` }),
  ],
  ['a wrong signature', () => post({ 'x-hub-signature': `sha1=${'0'.repeat(40)}` })],
  ["another channel's secret", () => post({ 'x-hub-signature': signature(body, OTHER_SECRET) })],
  ['the signature of another body', () => post({ 'x-hub-signature': signature(payload()) })],
  ['a signature of no payload at all', () => post({ 'x-hub-signature': right }, PATH, Buffer.from(CANARY))],
  ['no body', () => post({ 'x-hub-signature': right }, PATH, Buffer.alloc(0))],
  ['no body and no signature', () => post({ 'x-hub-signature': undefined }, PATH, Buffer.alloc(0))],
  [
    'the signature twice',
    () => raw(`X-Hub-Signature: ${right}`, `X-Hub-Signature: ${right}`, `X-Api-Key: ${API_KEY}`),
  ],
  ['a list of signatures', () => post({ 'x-hub-signature': `${right}, ${right}` })],
  ['the path of another channel', () => post({}, `${PATH}/other`)],
  ['an unknown channel', () => post({}, `${PATH}/unknown`)],
  ['a channel in capitals', () => post({}, `${PATH}/OTHER`)],
  ["a channel named as an object's property", () => post({}, `${PATH}/__proto__`)],
  ['a channel with escapes', () => post({}, `${PATH}/%00%2e%2e%2f`)],
  ['a channel of 15,000 characters', () => post({}, `${PATH}/${'c'.repeat(15_000)}`)],
  ['no API key', () => post({ 'x-api-key': undefined })],
  ['a wrong API key', () => post({ 'x-api-key': `${API_KEY}x` })],
  ['an empty API key', () => post({ 'x-api-key': '' })],
  [
    'the API key twice',
    () => raw(`X-Hub-Signature: ${right}`, `X-Api-Key: ${API_KEY}`, `X-Api-Key: ${API_KEY}`),
  ],
  ['the API key and a wrong signature', () => post({ 'x-hub-signature': `sha1=${'0'.repeat(40)}` })],
  ['an address that is not allowed', () => remote.post(body)],
];

describe('a request that cannot be verified', () => {
  it.each(VARIANTS)('is answered 401: %s', async (_, send) => {
    expectRefusal(await send(), 401);
  });

  it('gets the same bytes whatever was wrong, and no header that tells', async () => {
    const answers = await Promise.all(VARIANTS.map(([, send]) => send()));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    // How the connection goes on depends on what the sender asked for.
    const names = answers.map(({ headers }) =>
      Object.keys(headers)
        .filter((name) => name !== 'connection' && name !== 'keep-alive')
        .sort()
        .join(),
    );
    expect([...new Set(names)]).toEqual(['content-length,content-type,date']);
    expect(answers.map(({ text }) => text).join()).not.toMatch(
      new RegExp([SECRET, OTHER_SECRET, API_KEY].join('|')),
    );
  });

  it('leaves no trace in the store', async () => {
    await Promise.all(VARIANTS.map(([, send]) => send()));
    expect(await countRows(service)).toEqual({ receipts: 0, events: 0, quarantine: 0 });
    expect(await countRows(remote)).toEqual({ receipts: 0, events: 0, quarantine: 0 });
  });
});

it.each([
  ['as it is', right],
  ['with the digits in capitals', `sha1=${right.slice(5).toUpperCase()}`],
  ['with the prefix in capitals', right.replace('sha1', 'SHA1')],
])('accepts the right signature and API key: %s', async (_, value) => {
  expectAccepted(await post({ 'x-hub-signature': value }), ['one']);
});

it('believes X-Forwarded-For of no one but a trusted proxy', async () => {
  const forwarded = { 'x-forwarded-for': '192.0.2.7' };
  expectRefusal(await remote.post(body, forwarded), 401);
  const proxied = await TestService.start({ ALLOWED_IPS: '192.0.2.0/24', TRUST_PROXY: '127.0.0.1' });
  expectAccepted(await proxied.post(body, forwarded), ['one']);
  expectRefusal(await proxied.post(body, { 'x-forwarded-for': '198.51.100.7' }), 401);
  await proxied.stop();
});
