import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { EventDetail, EventSummary } from '../../src/cli/api-client/shapes.js';
import { TOKENS } from '../support/operators.js';
import { payload, signature } from '../support/service.js';
import { until } from '../support/until.js';
import { Folder, OtherServer, urlOf } from './command-line.js';
import { OperatedService, TERMINAL } from './operated-service.js';

/** What would clear a terminal, set its title, and turn the direction of reading. */
const EVIL = 'a\u001b[2J\u009b31m\u001b]0;title\u0007\nb\u202ec';
// eslint-disable-next-line no-control-regex -- these are what is looked for
const OBEYED = /[\u001b\u009b\u202e]/;

describe('events', () => {
  const folder = new Folder();
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start({ WEBHOOK_SECRET_EMEA: 'emea-secret' });
    const { service } = operated;
    await service.post(payload('STARTED', 'first'), { 'x-b3-traceid': '463ac35c9f6413ad' });
    await service.post(payload('FINISHED', 'first'));
    const emea = payload('STARTED', 'second');
    const headers = { 'x-hub-signature': signature(emea, 'emea-secret') };
    await service.post(emea, headers, '/nexus/v3/some/interactions/webhook/path/emea');
    await service.post(payload('STARTED', EVIL));
    await until(async () =>
      (await operated.json<EventSummary>(['events'])).every(({ deliveries }) => deliveries.done === 1),
    );
  });
  afterAll(async () => {
    await operated.service.stop();
    folder.remove();
  });

  const ids = async (...args: readonly string[]): Promise<(string | null)[]> =>
    (await operated.json<EventSummary>(['events', ...args])).map(({ interactionId }) => interactionId);

  it('lists the newest first, in columns', async () => {
    const { code, stdout, stderr } = await operated.run(['events']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [heading, evil, second, ...rest] = stdout.trimEnd().split('\n');
    expect(heading).toBe(
      'SEQ  RECEIVED                  TYPE      MEDIA  SUBTYPE     CHANNEL  INTERACTION              DELIVERIES',
    );
    expect(evil).toContain('a?[2J?31m?]0;title??b?c');
    expect(second).toMatch(
      /^ {2}3 {2}\d{4}-\d\d-\d\dT[\d:.]{12}Z {2}STARTED {3}chat {3}InboundNew {2}emea {5}second +1 done$/,
    );
    expect(rest).toHaveLength(2);
  });

  it('prints what the API answers with --json, one event a line, and nothing that a terminal obeys', async () => {
    const { stdout } = await operated.run(['events', '--json']);
    expect(stdout).not.toMatch(OBEYED);
    const [evil, second] = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
    expect(evil).toMatchObject({ interactionId: EVIL });
    expect(second).toEqual({
      seq: 3,
      type: 'STARTED',
      interactionId: 'second',
      mediaType: 'chat',
      interactionSubtype: 'InboundNew',
      channel: 'emea',
      operationId: expect.any(String),
      selfUri: null,
      late: false,
      traceId: null,
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
      deliveries: { open: 0, done: 1, dead: 0, discarded: 0 },
    });
  });

  it.each<[string[], string[]]>([
    [
      ['--interaction', 'first'],
      ['first', 'first'],
    ],
    [['--type', 'FINISHED'], ['first']],
    [['--type', 'STARTED,FINISHED', '--channel', 'emea,other'], ['second']],
    [['--media-type', 'email'], []],
    [['--subtype', 'InboundNew', '--limit', '1'], [EVIL]],
    [['--text', '463ac35c'], ['first']],
    [['--from', '1h', '--to', '2999-01-01', '--channel', 'emea'], ['second']],
    [['--to', '1h'], []],
  ])('picks by %j', async (args, expected) => {
    expect(await ids(...args)).toEqual(expected);
  });

  it('says on stderr that nothing matches, and ends with 0', async () => {
    const ended = await operated.run(['events', '--media-type', 'email']);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: 'No event matches.\n' });
  });

  it('has colours on a terminal, and none where NO_COLOR is set or it writes to a pipe', async () => {
    const coloured = await operated.run(['events', '--interaction', 'first'], { preload: TERMINAL });
    expect(coloured.stdout).toContain('\u001b[36mFINISHED\u001b[39m');
    const env = { NO_COLOR: '1' };
    const plain = await operated.run(['events', '--interaction', 'first'], { preload: TERMINAL, env });
    expect(plain.stdout).toContain('FINISHED');
    expect(plain.stdout).not.toContain('\u001b');
  });

  it('shows one with its body and every attempt', async () => {
    const { stdout, code } = await operated.run(['events', 'show', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Event 1 {2}STARTED {2}chat InboundNew\nInteraction {2}first\n/);
    expect(stdout).toMatch(/^Trace id {5}463ac35c9f6413ad$/m);
    expect(stdout).toMatch(/\nDeliveries\n {2}recorder: done\n {4}\S+Z {2}attempt 1 done after \d+ ms\n/);
    expect(stdout).toContain('\n            "id": "first",\n');
    const [detail] = await operated.json<EventDetail>(['events', 'show', '1']);
    expect(detail).toMatchObject({
      seq: 1,
      receipt: { secretIndex: 0 },
      deliveryList: [{ listener: 'recorder' }],
    });
    expect(JSON.parse(detail?.body ?? '')).toMatchObject({ data: { entities: [{ event: 'STARTED' }] } });
  });

  it('shows a body without what a terminal obeys', async () => {
    const { stdout } = await operated.run(['events', 'show', '4']);
    expect(stdout).toContain('"id": "a\\u001b[2J?31m\\u001b]0;title\\u0007\\nb?c"');
    expect(stdout).not.toMatch(OBEYED);
  });

  it('says that a body is hidden from a viewer', async () => {
    const { stdout } = await operated.run(['events', 'show', '1', '--token', TOKENS.VIEWER_TOKEN]);
    expect(stdout).toContain('\nBody\n  hidden: a viewer may not read it\n');
  });

  it('ends with 1 for an event that is not there', async () => {
    expect(await operated.run(['events', 'show', '999'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('exports all that match in the order of the log', async () => {
    const ndjson = await operated.run(['events', '--export', 'ndjson']);
    const events = ndjson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventSummary);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const csv = await operated.run(['events', '--export', 'csv', '--channel', 'emea']);
    expect(csv.stdout).toMatch(/^seq,type,interactionId,.*\r\n3,STARTED,second,.*\r\n$/);
  });

  it('exports to a terminal without what it obeys, and to a program byte for byte', async () => {
    for (const format of ['csv', 'ndjson']) {
      const piped = await operated.run(['events', '--export', format]);
      expect(piped.stdout).toContain('\u009b');
      const shown = await operated.run(['events', '--export', format], { preload: TERMINAL });
      expect(shown.stdout).toContain('second');
      expect(shown.stdout).not.toMatch(OBEYED);
    }
  });

  it('exports to a file for its owner alone, and overwrites none', async () => {
    const file = folder.file('events.ndjson');
    const args = ['events', '--export', 'ndjson', '--output', file];
    expect(await operated.run(args)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(4);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const again = await operated.run(args);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  });

  it('leaves no file behind when an export does not come whole', async () => {
    const server = await OtherServer.start((_request, response) => {
      response.writeHead(200).write('{"seq":1}\n', () => response.destroy());
    });
    const file = folder.file('half.ndjson');
    const args = ['events', '--export', 'ndjson', '--output', file, '--url', server.url];
    const ended = await operated.run(args);
    await server.stop();
    expect(ended).toMatchObject({ code: 69, stdout: '' });
    expect(ended.stderr).toMatch(/^The export is not whole: /);
    expect([file, `${file}.part`].filter(existsSync)).toEqual([]);
  });

  it.each([
    [['--limit', '0'], 'It must be a whole number from 1 on'],
    [['--from', 'yesterday'], 'It must be a time such as'],
    [['--type', 'STARTED,'], 'It must be one value, or several separated by commas'],
    [['--export', 'xml'], 'Allowed choices are ndjson, csv'],
    [['--output', 'x'], '--output needs --export ndjson or csv'],
    [['--export', 'csv', '--json'], "option '--export <format>' cannot be used with option '--json'"],
    [['shwo', '1'], "too many arguments for 'events'"],
    [['show'], "missing required argument 'seq'"],
  ])('ends with 2 on %j, and says why', async (args, message) => {
    const ended = await operated.run(['events', ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});

describe('whatever asks a service', () => {
  const folder = new Folder();
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start();
  });
  afterAll(async () => {
    await operated.service.stop();
    folder.remove();
  });

  const unset = { OPERATOR_TOKEN: '' };

  it('takes the token from a file, from .env, or from the data folder of a service on this machine', async () => {
    writeFileSync(folder.file('token'), `${TOKENS.VIEWER_TOKEN}\n`);
    expect(
      await operated.run(['events', '--token-file', folder.file('token')], { env: unset }),
    ).toMatchObject({ code: 0 });
    const own = new Folder();
    writeFileSync(own.file('operator-token'), `${TOKENS.OPERATOR_TOKEN}\n`);
    const env = { ...unset, DATA_DIR: own.path };
    expect(await operated.run(['events'], { env })).toMatchObject({ code: 0 });
    const remote = await operated.run(['events', '--url', 'http://hooks.example'], { env });
    expect(remote).toMatchObject({ code: 77, stdout: '' });
    expect(remote.stderr).toContain('is for a service on this machine');
    writeFileSync(own.file('.env'), `VIEWER_TOKEN=${TOKENS.VIEWER_TOKEN}\nPORT=${operated.service.port}\n`);
    const dotenv = { OPERATOR_TOKEN: undefined, PORT: undefined };
    expect(await operated.run(['events'], { cwd: own.path, env: dotenv })).toMatchObject({ code: 0 });
    own.remove();
  });

  it('ends with 77 without a token, and says where it looked', async () => {
    const ended = await operated.run(['events'], { env: unset });
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toMatch(
      /^No token for the operators' API was found\. Looked at:\n( {2}- .*\n){4}Give it with/,
    );
  });

  it('ends with 77 when the token is wrong, and says where it came from, without showing it', async () => {
    const ended = await operated.run(['events', '--token', 'not-the-one-of-this-service']);
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toContain('The token that was sent came from --token.');
    expect(ended.stderr).not.toContain('not-the-one');
  });

  it('ends with 69 when nothing listens, and says what to do', async () => {
    // Nothing can listen on port 1 without being root, and nobody does.
    expect(await operated.run(['events'], { env: { PORT: '1' } })).toEqual({
      code: 69,
      stdout: '',
      stderr:
        'Nothing listens at http://127.0.0.1:1. Start the service with "npm start", or name another address with --url.\n',
    });
  });

  it('takes an address with or without the path of the API, and the port of the operators', async () => {
    const base = urlOf(operated.service.port, '');
    for (const url of [base, `${base}/`, `${base}/api/v1`, `${base}/api/v1/`]) {
      expect(await operated.run(['events', '--url', url])).toMatchObject({ code: 0 });
    }
    const env = { PORT: '1', OPERATIONS_PORT: String(operated.service.port) };
    expect(await operated.run(['events'], { env })).toMatchObject({ code: 0 });
  });

  it.each<[string, number, Record<string, string>, string, number, string]>([
    [
      'a redirect',
      302,
      { location: 'https://sso.example/\u001b' },
      '',
      69,
      'Name the final address with --url',
    ],
    ['a page of a proxy', 502, {}, '<html>\u001b[2J', 69, "but not by the operators' API"],
    ['a success that is no API', 200, {}, '<html>', 69, "but not by the operators' API"],
    [
      'a refusal of the filter',
      400,
      {},
      refusal(400, ['from is no time\u001b[2J']),
      2,
      '\n  - from is no time?[2J',
    ],
    ['too many sign-ins', 429, {}, refusal(429), 77, 'refused'],
    ['a service that stops', 503, {}, refusal(503), 69, 'refused'],
  ])('says what %s means', async (_, status, headers, body, code, message) => {
    const server = await OtherServer.start((_request, response) => {
      const safe = Object.entries(headers).map(([name, value]) => [name, encodeURI(value)]);
      response.writeHead(status, Object.fromEntries(safe) as Record<string, string>).end(body);
    });
    const ended = await operated.run(['events', '--url', server.url]);
    await server.stop();
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toContain('\u001b');
  });

  it('takes a time without a zone as UTC, wherever the machine is', async () => {
    const asked: (string | undefined)[] = [];
    const server = await OtherServer.start((request, response) => {
      asked.push(request.url);
      response.end('{"items":[],"next":null}');
    });
    const args = ['events', '--from', '2026-11-23T01:20:16', '--to', '2026-11-24', '--url', server.url];
    await operated.run(args, { env: { TZ: 'Asia/Tokyo' } });
    await server.stop();
    const { searchParams } = new URL(asked[0] ?? '', server.url);
    expect(searchParams.get('from')).toBe('2026-11-23T01:20:16.000Z');
    expect(searchParams.get('to')).toBe('2026-11-24T00:00:00.000Z');
  });

  it('does not send the token where it is redirected to', async () => {
    const seen: (string | undefined)[] = [];
    const other = await OtherServer.start((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const server = await OtherServer.start((_request, response) => {
      response.writeHead(307, { location: other.url }).end();
    });
    await operated.run(['events', '--url', server.url]);
    await Promise.all([server.stop(), other.stop()]);
    expect(seen).toEqual([]);
  });
});

function refusal(code: number, errors?: readonly string[]): string {
  return JSON.stringify({ status: { code, message: 'refused' }, errors });
}
