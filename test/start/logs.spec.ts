import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { RawSocket, rawHead } from '../support/raw-socket.js';
import type { ServiceProcess } from '../support/service-process.js';
import { PATH, payload, SECRET, signature, toBytes } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';
import { freePort } from '../support/free-port.js';

type Line = Readonly<Record<string, unknown>>;

/** What moves a terminal's cursor, apart from the end of a line. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f]/;
const CANARY = 'canary-of-the-body';
const API_KEY = 'key-of-the-api';
const OTHER_SECRET = 'secret-of-another-channel';

let folder: StartFolder;
let service: ServiceProcess;
beforeAll(async () => {
  folder = new StartFolder();
  service = await folder.start({
    NODE_ENV: 'production',
    LOG_LEVEL: 'trace',
    AUDIT_LOG: 'on',
    DOCS: 'on',
    WEBHOOK_SECRET: `${SECRET},older-secret`,
    WEBHOOK_SECRET_OTHER: OTHER_SECRET,
    WEBHOOK_API_KEY: API_KEY,
    LISTENERS: resolve('test/start/journal.module.ts'),
    JOURNAL: folder.file('journal'),
  });
});
afterAll(() => folder.remove());

/** Everything logged so far: whatever is no JSON object fails here. */
const logged = (): Line[] =>
  service.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed: unknown = JSON.parse(line);
      expect(parsed).toEqual(
        expect.objectContaining({ level: expect.any(String), time: expect.any(String) }),
      );
      return parsed as Line;
    });

async function post(
  body: object | string,
  headers: Record<string, string> = {},
  path = PATH,
): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    method: 'POST',
    body: new Uint8Array(toBytes(body)),
    headers: {
      'content-type': 'application/json',
      'x-hub-signature': signature(body),
      'x-api-key': API_KEY,
      ...headers,
    },
  });
  return answer.status;
}

const event = (id: string, more: object = {}): object => ({
  operationId: `operation of ${id}`,
  unknown: CANARY,
  data: { entities: [{ event: 'STARTED', entity: { id, mediaType: 'chat', unknown: CANARY } }] },
  ...more,
});

describe('the lines of a request', () => {
  let trace = 0;
  /** Sends a request with a trace id of its own, and gives the lines that carry it, once `last` is one of them. */
  async function linesOf(
    send: (headers: Record<string, string>) => Promise<unknown>,
    last: string,
  ): Promise<Line[]> {
    const traceId = `000000000000000${++trace}`;
    const before = logged().length;
    await send({ 'x-b3-traceid': traceId });
    await until(() =>
      logged().some((line) => line['traceId'] === traceId && String(line['msg']).includes(last)),
    );
    const since = logged().slice(before);
    expect(since.filter((line) => line['traceId'] !== traceId)).toEqual([]);
    return since;
  }

  it('carry its trace id when it is stored, and so do those of every listener', async () => {
    const lines = await linesOf((headers) => post(event('traced'), headers), 'Interaction traced STARTED');
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'info', listener: 'audit-log', attempt: 1, interactionId: 'traced' }),
    );
  });

  it('carry its trace id when it is valid and holds no event, and say so', async () => {
    const misplaced = { operationId: CANARY, entities: [{ event: 'STARTED', entity: { id: CANARY } }] };
    const lines = await linesOf((headers) => post(misplaced, headers), 'holds no event');
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', channel: 'default' })]);
  });

  it('carry its trace id when it goes into quarantine', async () => {
    const lines = await linesOf((headers) => post(`{"unknown":"${CANARY}"`, headers), 'Refused');
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'An authentic payload is not valid: kept in quarantine'],
      ['warn', 'Refused: The payload is not valid. It is kept in quarantine.'],
    ]);
    expect(lines[0]).toMatchObject({ faults: ['The body is not JSON'], channel: 'default' });
  });

  it('carry its trace id when it is refused', async () => {
    const lines = await linesOf(
      (headers) => post(event('unsigned'), { ...headers, 'x-hub-signature': 'sha1=00' }),
      'Refused',
    );
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', status: 401, method: 'POST', path: PATH, ip: '127.0.0.1' }),
    ]);
  });
});

describe('what is logged', () => {
  it('holds no secret, and nothing of a body but what names its events', async () => {
    const wrong = { operationId: CANARY, data: { entities: [{ event: CANARY, entity: { id: [CANARY] } }] } };
    const statuses = await Promise.all([
      post(event('plain')),
      post(wrong),
      post(`{"${CANARY}`),
      post(event('unsigned'), { 'x-hub-signature': `sha1=${CANARY}` }),
      post(event('other'), { 'x-hub-signature': signature(event('other'), OTHER_SECRET) }, `${PATH}/other`),
      post(event('wrong key'), { 'x-api-key': `${API_KEY}-and-more` }),
      post(event('query'), {}, `${PATH}?secret=${SECRET}`),
      post(event('query'), { 'x-hub-signature': '' }, `${PATH}?secret=${SECRET}`),
      post(event('form'), { 'content-type': `text/${CANARY}` }),
      post(event('elsewhere'), {}, '/elsewhere'),
    ]);
    expect(statuses).toEqual([200, 400, 400, 401, 200, 401, 200, 401, 415, 404]);
    await until(() => service.stdout.includes('Interaction other STARTED'));
    expect(service.output).not.toContain(CANARY);
    for (const secret of [SECRET, 'older-secret', OTHER_SECRET, API_KEY]) {
      expect(service.output).not.toContain(secret);
    }
    expect(service.output).not.toContain(signature(event('plain')));
    expect(service.stderr).toBe('');
  });

  it('is not forged by line ends and escape sequences in ids', async () => {
    const forged =
      '\n{"level":"fatal","time":"now","msg":"forged"}\r\n\u001b[2J\u001b]0;title\u0007\u2028\u0008';
    const id = `honest${forged}`;
    expect(await post(event(id, { operationId: forged }))).toBe(200);
    await until(() => logged().some((line) => line['interactionId'] === id));
    expect(logged().filter(({ level, msg }) => level === 'fatal' || msg === 'forged')).toEqual([]);
    expect(service.stdout).not.toMatch(CONTROL);
  });

  it.each([
    ['an escape sequence', '\u001b[31mred'],
    ['letters beyond ASCII', 'tr\u00e5ce\u009b31m'],
    ['JSON', '","level":"fatal","msg":"forged'],
    ['a folded line', 'trace\r\n {"level":"fatal","msg":"forged"}'],
    ['a bare line feed', 'trace\n{"level":"fatal","msg":"forged"}'],
    ['far too many characters', 'x'.repeat(5_000)],
  ])('is not forged by a trace id with %s', async (_, traceId) => {
    const body = toBytes(payload());
    const socket = await RawSocket.open(service.port);
    await socket.write(
      Buffer.from(rawHead(body, { lines: [`X-API-Key: ${API_KEY}`, `X-B3-TraceId: ${traceId}`] }), 'latin1'),
    );
    await socket.write(body);
    // Some of these are no HTTP; then there is no request, and nothing to log.
    expect([200, 400]).toContain((await socket.answer()).status);
    socket.destroy();
    await post(event('marker of the end'));
    await until(() => logged().some((line) => line['interactionId'] === 'marker of the end'));
    expect(logged().filter(({ level, msg }) => level === 'fatal' || msg === 'forged')).toEqual([]);
    for (const line of logged()) expect(line['traceId'] ?? '').toMatch(/^[\x20-\x7e]{0,64}$/);
    expect(service.stdout).not.toMatch(CONTROL);
  });
});

describe('LOG_LEVEL', () => {
  it.each([
    ['error', 0],
    ['info', 1],
  ])('%s leaves out what is less severe', async (level, lines) => {
    const quiet = new StartFolder();
    const port = await freePort();
    try {
      const other = quiet.spawn({ NODE_ENV: 'production', LOG_LEVEL: level, PORT: String(port) });
      other.port = port;
      await until(() =>
        other.post(payload()).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      expect(await other.end()).toEqual({ code: 0, signal: null });
      expect(other.stdout.split('\n').filter((line) => line.includes('"msg":"Listening'))).toHaveLength(
        lines,
      );
      expect(other.stdout).not.toContain('"debug"');
    } finally {
      await quiet.remove();
    }
  });
});
