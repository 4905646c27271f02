import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Clock } from '../../src/events/clock.js';
import { expectRefusal } from '../support/answers.js';
import { api, TOKENS } from '../support/operators.js';
import { TestService, type Answer } from '../support/service.js';

const { OPERATOR_TOKEN, VIEWER_TOKEN } = TOKENS;
const HOURS_MS = 3_600_000;

let service: TestService;
let now = Date.now();
beforeAll(async () => {
  service = await TestService.start(TOKENS);
  Object.assign(service.get(Clock), { now: () => now });
});
// What one test failed is not to keep out the next.
beforeEach(() => {
  now += 24 * HOURS_MS;
});
afterAll(() => service.stop());

const session = (request: Parameters<typeof api>[3]): Promise<Answer> =>
  api(service, 'GET', '/session', request);
const signIn = (token: string, headers = {}): Promise<Answer> =>
  api(service, 'POST', '/session', { token: undefined, body: { token }, headers });
const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0] ?? '';
/** What a browser sends back of a `Set-Cookie`. */
const sent = (answer: Answer): { cookie: string } => ({ cookie: cookieOf(answer).split(';', 1)[0] ?? '' });

describe('a bearer token', () => {
  it.each([
    ['operator', OPERATOR_TOKEN],
    ['viewer', VIEWER_TOKEN],
  ])('lets in as %s, for as long as it is valid', async (role, token) => {
    const answer = await session({ token });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ role, expiresAt: null });
  });

  it.each([
    ['none', undefined],
    ['another', 'token-of-nobody-of-these-tests'],
    ['a part of the right one', OPERATOR_TOKEN.slice(0, -1)],
    ['more than the right one', `${OPERATOR_TOKEN}x`],
    ['the right one in capitals', OPERATOR_TOKEN.toUpperCase()],
  ])('is answered 401 where it is not valid: %s', async (_, token) => {
    const answer = await session({ token });
    expectRefusal(answer, 401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="operators"');
    expect(answer.text).not.toContain(OPERATOR_TOKEN);
  });

  it.each([['Basic b3BlcmF0b3I6'], ['Bearer'], [`bearer`], [OPERATOR_TOKEN], [`Bearer ${OPERATOR_TOKEN} x`]])(
    'is answered 401 in another form: %s',
    async (authorization) => {
      expectRefusal(await session({ headers: { authorization } }), 401);
    },
  );

  it('decides, also beside a session of somebody else', async () => {
    const cookie = sent(await signIn(OPERATOR_TOKEN));
    expect((await session({ token: VIEWER_TOKEN, headers: cookie })).json).toMatchObject({ role: 'viewer' });
    expectRefusal(await session({ token: 'token-of-nobody-of-these-tests', headers: cookie }), 401);
  });
});

describe('a session', () => {
  it('is opened by a token, in a cookie that no script and no other site gets', async () => {
    const answer = await signIn(VIEWER_TOKEN);
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).toMatch(
      /^iw_session=viewer\.\d+\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(cookieOf(answer)).not.toContain(VIEWER_TOKEN);
    const shown = await session({ token: undefined, headers: sent(answer) });
    expect(shown.json).toEqual({
      role: 'viewer',
      expiresAt: new Date(now + 12 * HOURS_MS).toISOString(),
    });
  });

  it('ends after 12 hours', async () => {
    const headers = sent(await signIn(OPERATOR_TOKEN));
    now += 12 * HOURS_MS - 1;
    expect((await session({ token: undefined, headers })).status).toBe(200);
    now += 1;
    expectRefusal(await session({ token: undefined, headers }), 401);
  });

  it('is known to another process with the same tokens, and to none with others', async () => {
    const headers = sent(await signIn(OPERATOR_TOKEN));
    const same = await TestService.start(TOKENS);
    const changed = await TestService.start({ ...TOKENS, OPERATOR_TOKEN: 'a-new-token-of-the-operator' });
    const viewers = await TestService.start({ VIEWER_TOKEN });
    const statuses = [];
    for (const other of [same, changed, viewers]) {
      Object.assign(other.get(Clock), { now: () => now });
      statuses.push((await api(other, 'GET', '/session', { token: undefined, headers })).status);
      await other.stop();
    }
    expect(statuses).toEqual([200, 401, 401]);
  });

  it('cannot be made longer, or into that of another role', async () => {
    const { cookie } = sent(await signIn(VIEWER_TOKEN));
    const [, role, expiry, signature] = /=(\w+)\.(\d+)\.(.+)$/.exec(cookie) ?? [];
    expect(role).toBe('viewer');
    for (const forged of [
      `operator.${expiry}.${signature}`,
      `viewer.${Number(expiry) + 1}.${signature}`,
      `viewer.${expiry}.${signature?.slice(0, -1)}`,
      `viewer.${expiry}.${'A'.repeat(43)}`,
      `viewer.${expiry}.`,
      `viewer.${expiry}`,
      '',
    ]) {
      const answer = await session({ token: undefined, headers: { cookie: `iw_session=${forged}` } });
      expectRefusal(answer, 401);
    }
  });

  it('is ended in the browser by signing out, for a viewer as well', async () => {
    const headers = sent(await signIn(VIEWER_TOKEN));
    const answer = await api(service, 'DELETE', '/session', { token: undefined, headers });
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).toBe('iw_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
  });

  it('is Secure where a trusted proxy says that the browser came by TLS, and there alone', async () => {
    const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' };
    const proxied = await TestService.start({ ...TOKENS, TRUST_PROXY: '127.0.0.1' });
    const request = { token: undefined, body: { token: OPERATOR_TOKEN }, headers: tls };
    const answer = await api(proxied, 'POST', '/session', request);
    await proxied.stop();
    expect(cookieOf(answer)).toMatch(/; Secure$/);
    expect(cookieOf(await signIn(OPERATOR_TOKEN, tls))).not.toMatch(/Secure/);
  });

  it.each([
    ['no token', {}, 'token must be a string'],
    ['a token that is no text', { token: 7 }, 'token must be a string'],
    ['more than a token', { token: OPERATOR_TOKEN, role: 'operator' }, 'role is not known here'],
  ])('is not opened by %s', async (_, body, fault) => {
    const answer = await api(service, 'POST', '/session', { token: undefined, body });
    expectRefusal(answer, 400);
    expect((answer.json as { errors: string[] }).errors).toContain(fault);
  });
});

describe('a viewer', () => {
  it('may not write, however it came in', async () => {
    const headers = sent(await signIn(VIEWER_TOKEN));
    for (const request of [{ token: VIEWER_TOKEN }, { token: undefined, headers }]) {
      const answer = await api(service, 'POST', '/deliveries/retry', { ...request, body: { filter: {} } });
      expectRefusal(answer, 403);
      expect(answer.text).toContain('viewer');
    }
  });
});

describe('a request that writes', () => {
  it.each([
    ['none', undefined],
    ['an empty one', ' '],
    ['one that is too long', 'x'.repeat(65)],
    ['one that is not printable', 'caf\u00e9'],
  ])('is answered 403 without a fit X-Requested-By: %s', async (_, name) => {
    const headers = { 'x-requested-by': name };
    const requests: [string, string][] = [
      ['POST', '/session'],
      ['DELETE', '/session'],
      ['POST', '/deliveries/retry'],
    ];
    for (const [method, path] of requests) {
      const answer = await api(service, method, path, { body: { token: OPERATOR_TOKEN }, headers });
      expectRefusal(answer, 403);
      expect(answer.text).toContain('X-Requested-By');
    }
  });

  it('needs a token first: who has none is not told what else is missing', async () => {
    const headers = { 'x-requested-by': undefined };
    const answer = await api(service, 'POST', '/deliveries/retry', { token: undefined, body: {}, headers });
    expectRefusal(answer, 401);
  });
});

describe('wrong tokens', () => {
  const fail = async (times: number, how: (token: string) => Promise<Answer>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push((await how(`token-number-${i}-of-nobody`)).status);
    return statuses;
  };
  const ten401 = Array.from({ length: 10 }, () => 401);

  it.each([
    ['as bearer tokens', (token: string) => session({ token })],
    ['to sign in', (token: string) => signIn(token)],
  ])('are limited for an address: %s', async (_, how) => {
    expect(await fail(11, how)).toEqual([...ten401, 429]);
    const answer = await how(OPERATOR_TOKEN);
    expectRefusal(answer, 429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);

    now += Number(answer.headers['retry-after']) * 1_000;
    expect((await how(OPERATOR_TOKEN)).status).toBeLessThan(300);
  });

  it('are counted together, however they come', async () => {
    expect(await fail(5, (token) => session({ token }))).toEqual(ten401.slice(5));
    expect(await fail(5, (token) => signIn(token))).toEqual(ten401.slice(5));
    expect((await session({})).status).toBe(429);
  });

  it('do not end the session of somebody who is at the same address', async () => {
    const headers = sent(await signIn(OPERATOR_TOKEN));
    await fail(11, (token) => session({ token }));
    expect((await session({ token: undefined, headers })).status).toBe(200);
  });

  it('are not what a request without any token counts as', async () => {
    for (let i = 0; i < 15; i++) expect((await session({ token: undefined })).status).toBe(401);
    expect((await session({})).status).toBe(200);
  });

  it('keep out one address and not another, where a trusted proxy tells them apart', async () => {
    const proxied = await TestService.start({ ...TOKENS, TRUST_PROXY: '127.0.0.1' });
    const from = (address: string, token: string): Promise<Answer> =>
      api(proxied, 'GET', '/session', { token, headers: { 'x-forwarded-for': address } });
    await fail(10, (token) => from('192.0.2.1', token));
    const answers = [await from('192.0.2.1', OPERATOR_TOKEN), await from('192.0.2.2', OPERATOR_TOKEN)];
    await proxied.stop();
    expect(answers.map(({ status }) => status)).toEqual([429, 200]);
  });
});
