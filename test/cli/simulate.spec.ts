import { createSecretKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { SimulationResult } from '../../src/cli/simulate/report.js';
import { matchSignature } from '../../src/webhook/signature.js';
import { TOKENS } from '../support/operators.js';
import { payload, SECRET, TestService } from '../support/service.js';
import { cli, OtherServer, urlOf, type Ended, type RunOptions } from './command-line.js';

const SECRETS = { WEBHOOK_SECRET: SECRET, WEBHOOK_SECRET_EMEA_CHAT: 'secret-of-emea' };
const USAGE = 2;
const UNAVAILABLE = 69;
const NOT_ALLOWED = 77;
/** Makes a process take its standard error for a terminal: to open a real one needs a native module. */
const TERMINAL = 'data:text/javascript,Object.defineProperty(process.stderr,"isTTY",{value:true})';
/** All at once, as far as connections allow. */
const FAST = ['--rate', '100', '--speed', '1000000'];
/** Nothing goes wrong by itself. */
const CALM = [
  '--bursts',
  '0',
  '--batches',
  '0',
  '--duplicates',
  '0',
  '--reordered',
  '0',
  '--wrong-signatures',
  '0',
];

const simulate = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  cli(['simulate', ...args], { env: { ...SECRETS, ...TOKENS }, ...options });

const resultOf = ({ stdout }: Ended): SimulationResult => JSON.parse(stdout) as SimulationResult;

/** What a receiver that stores nothing got, in the order in which it came. */
interface Received {
  readonly path: string;
  readonly body: string;
  readonly traceId: unknown;
  readonly authentic: boolean;
}

/** Answers each request with a status, or not at all when there is none. */
async function receiver(
  statusOf: (request: Received, times: number) => number | undefined | Promise<number>,
): Promise<{ url: string; received: Received[]; stop: () => Promise<void> }> {
  const received: Received[] = [];
  const times = new Map<string, number>();
  const keys = Object.values(SECRETS).map((secret) => createSecretKey(secret, 'utf8'));
  const server = await OtherServer.start((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const { url: path = '', headers } = request;
      const authentic = matchSignature(keys, headers['x-hub-signature'], bytes) >= 0;
      const one = { path, body: bytes.toString(), traceId: headers['x-b3-traceid'], authentic };
      received.push(one);
      times.set(one.body, (times.get(one.body) ?? 0) + 1);
      void Promise.resolve(statusOf(one, times.get(one.body) ?? 0)).then((status) => {
        if (status !== undefined) response.writeHead(status).end('{}');
      });
    });
  });
  return { url: server.url, received, stop: () => server.stop() };
}

describe('simulate against the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ ...SECRETS, ...TOKENS });
  });
  afterAll(() => service.stop());

  const all = ['--batches', '20', '--duplicates', '30', '--reordered', '30', '--wrong-signatures', '30'];

  it('finds every event stored once, whatever went wrong on the way', async () => {
    const args = ['--count', '60', '--connections', '1', '--channels', 'default,emea-chat', ...FAST, ...all];
    const ended = await simulate(['--url', urlOf(service.port), ...args, '--check', '--json']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { interactions, events, requests, duplicates, forged, answers, check } = resultOf(ended);
    expect(interactions).toMatchObject({ started: 60, finished: 60 });
    expect(events).toEqual({ sent: 120, acknowledged: 120 });
    expect(requests).toMatchObject({ acknowledged: requests.sent, givenUp: 0, redeliveries: 0, waiting: 0 });
    for (const { sent } of [duplicates, forged]) expect(sent).toBeGreaterThan(0);
    expect(requests.batches).toBeGreaterThan(0);
    expect(forged).toMatchObject({ refused: forged.sent, accepted: 0 });
    expect(answers.statuses).toEqual({ 200: requests.sent + duplicates.sent, 401: forged.sent });
    expect(check).toEqual({
      acknowledged: 120,
      stored: 120,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
      examples: [],
    });

    const { store } = service;
    const rows = await store.query(store.builder.selectFrom('events').select(['channel', 'late']));
    expect(rows).toHaveLength(120);
    expect(new Set(rows.map(({ channel }) => channel))).toEqual(new Set(['default', 'emea-chat']));
    // One request at a time, so what was to come late did.
    expect(rows.filter(({ late }) => Boolean(late))).toHaveLength(interactions.reordered);
    expect(interactions.reordered).toBeGreaterThan(0);
  });

  it('finds nothing lost when the same seed is sent again, and nothing stored a second time', async () => {
    const args = ['--url', urlOf(service.port), '--count', '10', '--seed', '7', ...FAST, '--check', '--json'];
    const first = await simulate(args);
    const second = await simulate(args);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(resultOf(second).check).toEqual(resultOf(first).check);
  });

  it('finds what was acknowledged and is not stored, and what it did not send', async () => {
    let foreign: Promise<unknown> | undefined;
    const nowhere = await receiver(async () => {
      await (foreign ??= service.post(payload('STARTED', 'of-somebody-else')));
      return 200;
    });
    const ended = await simulate([
      '--url',
      nowhere.url,
      '--api',
      urlOf(service.port, ''),
      '--count',
      '3',
      ...FAST,
      ...CALM,
      '--check',
    ]);
    await nowhere.stop();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(
      /^ {2}Check +6 acknowledged, 0 stored: lost 6, duplicated 0, unexpected 1$/m,
    );
    expect(ended.stdout).toContain(
      'unexpected: STARTED of of-somebody-else, channel default: it was not sent by this simulation',
    );
    expect(ended.stdout).toMatch(
      /^ {2}lost: (STARTED|FINISHED) of \S+, channel default: it was acknowledged, and is not stored$/m,
    );
  });

  it('says at once that the token for --check is wrong, and sends nothing', async () => {
    const { store } = service;
    const count = async (): Promise<number> =>
      (await store.query(store.builder.selectFrom('events').select('seq'))).length;
    const before = await count();
    const ended = await simulate([
      '--url',
      urlOf(service.port),
      '--check',
      '--token',
      'token-of-nobody-at-all',
    ]);
    expect(ended).toMatchObject({ code: NOT_ALLOWED, stdout: '' });
    expect(ended.stderr).not.toContain('token-of-nobody-at-all');
    expect(await count()).toBe(before);
  });

  it('says once that a secret is not known, and where it came from', async () => {
    const args = ['--url', urlOf(service.port), '--count', '5', '--attempts', '1', ...FAST, ...CALM];
    const ended = await simulate([...args, '--secret', 'secret-of-nobody']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      'The channel "default" is refused with 401: the service does not know the channel, its secret (which came from --secret) or the API key.\n',
    );
    expect(ended.stdout).toMatch(/^ {2}Requests +10 sent, 0 acknowledged, 10 given up$/m);
  });

  it('shows how it goes on a terminal, apart from the result', async () => {
    const args = ['--url', urlOf(service.port), '--duration', '10m', '--rate', '1', '--speed', '600'];
    const ended = await simulate([...args, '--json'], { preload: TERMINAL });
    expect(ended.stderr).toMatch(
      /10:0\d:\d\d {2}\d+ sent, \d+ acknowledged, \d+ to send again, \d+ answers\/s/,
    );
    expect(resultOf(ended).requests.sent).toBeGreaterThan(0);
  });
});

describe('simulate', () => {
  it('sends the same for the same seed: bodies, trace ids, channels, order', async () => {
    const one = await receiver(({ authentic }) => (authentic ? 200 : 401));
    const args = ['--url', one.url, '--count', '20', '--connections', '1', '--channels', 'default,emea-chat'];
    const wrong = ['--batches', '20', '--duplicates', '20', '--wrong-signatures', '20'];
    for (const seed of ['7', '7', '8']) {
      const { code } = await simulate([...args, ...wrong, ...FAST, '--seed', seed]);
      expect(code).toBe(0);
    }
    await one.stop();
    const half = one.received.findIndex(({ body }, i) => i > 0 && body === one.received[0]?.body);
    const first = one.received.slice(0, half);
    expect(one.received.slice(half, 2 * half)).toEqual(first);
    const bodies = new Set(first.map(({ body }) => body));
    expect(one.received.slice(2 * half).some(({ body }) => bodies.has(body))).toBe(false);
    expect(new Set(first.map(({ path }) => path))).toEqual(new Set(['/hook', '/hook/emea-chat']));
    expect(first.some(({ authentic }) => !authentic)).toBe(true);
  });

  it('sends again what is not answered 200, the same bytes, until it is', async () => {
    const answers = [503, 500, 201, undefined];
    const flaky = await receiver((_, times) => (times > answers.length ? 200 : answers[times - 1]));
    const patience = ['--retry-after', '0', '--timeout', '2', '--attempts', '5'];
    const ended = await simulate([
      '--url',
      flaky.url,
      '--count',
      '4',
      ...patience,
      ...FAST,
      ...CALM,
      '--json',
    ]);
    await flaky.stop();
    expect(ended.code).toBe(0);
    const { events, requests, answers: counts } = resultOf(ended);
    expect(events).toEqual({ sent: 8, acknowledged: 8 });
    expect(requests).toMatchObject({ sent: 8, acknowledged: 8, givenUp: 0, redeliveries: 32 });
    expect(counts).toMatchObject({
      statuses: { 200: 8, 201: 8, 500: 8, 503: 8 },
      unanswered: { ETIMEDOUT: 8 },
    });
    expect(new Set(flaky.received.map(({ body }) => body)).size).toBe(8);
  });

  it('gives up after the last attempt, and says so', async () => {
    const broken = await receiver(() => 500);
    const ended = await simulate([
      '--url',
      broken.url,
      '--count',
      '2',
      '--attempts',
      '3',
      '--retry-after',
      '0',
      ...FAST,
      ...CALM,
    ]);
    await broken.stop();
    expect(ended.code).toBe(1);
    expect(broken.received).toHaveLength(12);
    expect(ended.stdout).toMatch(/^ {2}Requests +4 sent, 0 acknowledged, 4 given up$/m);
    expect(ended.stdout).toMatch(/^ {2}Redeliveries +8$/m);
    expect(ended.stdout).toMatch(/^ {2}Answers +12 × 500$/m);
  });

  it('calls it a fault when a wrong signature is accepted', async () => {
    const gullible = await receiver(() => 200);
    const ended = await simulate([
      '--url',
      gullible.url,
      '--count',
      '5',
      '--wrong-signatures',
      '100',
      ...FAST,
    ]);
    await gullible.stop();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^ {2}Wrong signatures +(\d+) sent, 0 refused, \1 ACCEPTED$/m);
    expect(gullible.received.some(({ authentic }) => !authentic)).toBe(true);
  });

  it('keeps no more requests under way than it is told', async () => {
    let open = 0;
    let most = 0;
    const server = await OtherServer.start((request, response) => {
      most = Math.max(most, ++open);
      request.resume().on('end', () => {
        open--;
        response.end('{}');
      });
    });
    const ended = await simulate([
      '--url',
      server.url,
      '--count',
      '50',
      '--connections',
      '4',
      ...FAST,
      ...CALM,
    ]);
    await server.stop();
    expect(ended.code).toBe(0);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('prints what it did so far on Ctrl-C, and what was not acknowledged by then', async () => {
    const interrupt = new AbortController();
    const server = await receiver((_, times) => {
      if (times === 2) interrupt.abort();
      return 503;
    });
    const args = [
      '--url',
      server.url,
      '--duration',
      '1d',
      '--retry-after',
      '0.01',
      '--attempts',
      '1000',
      ...CALM,
    ];
    const ended = await simulate([...args, '--speed', '100', '--json'], { interrupt: interrupt.signal });
    await server.stop();
    expect(ended.code).toBe(1);
    const { interrupted, requests } = resultOf(ended);
    expect(interrupted).toBe(true);
    expect(requests.waiting).toBe(requests.sent);
    expect(requests.sent).toBeGreaterThan(0);
  });

  it('ends soon after Ctrl-C when nobody answers, though more is due', async () => {
    const interrupt = new AbortController();
    const silent = await receiver(() => {
      interrupt.abort();
      return undefined;
    });
    const args = [
      '--url',
      silent.url,
      '--count',
      '100',
      '--connections',
      '1',
      '--timeout',
      '60',
      ...FAST,
      ...CALM,
    ];
    const ended = await simulate([...args, '--json'], { interrupt: interrupt.signal });
    await silent.stop();
    expect(ended.code).toBe(1);
    const { interrupted, requests, answers } = resultOf(ended);
    expect(interrupted).toBe(true);
    expect(requests).toMatchObject({ sent: 1, acknowledged: 0, waiting: 1 });
    expect(answers.unanswered).toEqual({ ECONNRESET: 1 });
  });

  it('gives up at once when nothing listens', async () => {
    const ended = await simulate(['--url', urlOf(1)]);
    expect(ended).toMatchObject({ code: UNAVAILABLE, stdout: '' });
    expect(ended.stderr).toMatch(/^Nothing listens at http:\/\/127\.0\.0\.1:1\. .*\n$/);
  });

  it.each([
    [['--duration', '10'], /option '--duration <time>' argument '10' is invalid\. It must be a time/],
    [['--speed', '0'], /option '--speed <n>' argument '0' is invalid/],
    [['--batches', '101'], /option '--batches <percent>' argument '101' is invalid/],
    [['--channels', 'default,emea-chat', '--secret', 'x'], /^--secret and --secret-file are for one channel/],
    [['--channels', 'unknown'], /^No secret to sign with was found for the channel "unknown"/],
  ])('is not understood with %j', async (args, message) => {
    const ended = await simulate(args);
    expect(ended).toMatchObject({ code: USAGE, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});
