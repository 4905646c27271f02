import { readFileSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PATH, SECRET, TestService } from '../support/service.js';
import { cli, Folder, OtherServer, urlOf, type Ended, type RunOptions } from './command-line.js';

describe('send', () => {
  const folder = new Folder();
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({
      WEBHOOK_SECRET_EMEA_CHAT: 'emea-secret',
      WEBHOOK_API_KEY: 'the-key',
    });
  });
  afterAll(async () => {
    await service.stop();
    folder.remove();
  });

  /** Runs `send` with the service's secrets and key. */
  function send(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const env = {
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_SECRET_EMEA_CHAT: 'emea-secret',
      WEBHOOK_API_KEY: 'the-key',
      PORT: String(service.port),
      ...options.env,
    };
    return cli(['send', ...args], { ...options, env });
  }

  /** Everything that a request with these arguments stored. */
  async function stored(args: readonly string[], options?: RunOptions): Promise<Stored> {
    const [before] = await receipts(0);
    const ended = await send(args, options);
    const found = await receipts(before?.id ?? 0);
    const ids = found.map(({ id }) => id);
    const events = await service.store.query(
      service.store.builder.selectFrom('events').selectAll().where('receipt_id', 'in', ids).orderBy('seq'),
    );
    return { ended, receipts: found.toReversed(), events };
  }

  function receipts(after: number): Promise<Stored['receipts']> {
    const { store } = service;
    return store.query(
      store.builder.selectFrom('receipts').selectAll().where('id', '>', after).orderBy('id', 'desc'),
    );
  }

  interface Stored {
    readonly ended: Ended;
    readonly receipts: readonly { id: number; body: Uint8Array; channel: string; trace_id: string | null }[];
    readonly events: readonly {
      type: string | null;
      interaction_id: string | null;
      media_type: string | null;
      interaction_subtype: string | null;
    }[];
  }

  it('sends a new interaction by default, and prints the answer with its time and nothing else', async () => {
    const first = await stored([]);
    expect(first.ended).toMatchObject({ code: 0, stderr: '' });
    const id = first.events[0]?.interaction_id;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.ended.stdout).toMatch(/^200 OK in \d+(\.\d+)? ms\n/);
    expect(JSON.parse(first.ended.stdout.split('\n')[1] ?? '')).toEqual({
      status: { code: 0, message: '1 event stored' },
      data: { ids: [{ id }] },
    });
    expect(first.events).toMatchObject([
      { type: 'STARTED', media_type: 'chat', interaction_subtype: 'InboundNew' },
    ]);
    const second = await stored([]);
    expect(second.events[0]?.interaction_id).not.toBe(id);
  });

  it("sends the page's sample as it stands there", async () => {
    const { ended, receipts } = await stored(['--sample']);
    expect(ended.code).toBe(0);
    expect(JSON.parse(Buffer.from(receipts[0]?.body ?? []).toString())).toEqual({
      operationId: 'f6c49d91-926b-4473-b2f3-8d8fd295c968',
      data: { entities: [{}] },
    });
  });

  it('sends a file byte for byte', async () => {
    const bytes = Buffer.from('{ "operationId":"ü\\u0041 ",\r\n\t"unknown": 1.0 }\n\n');
    writeFileSync(folder.file('body.json'), bytes);
    const { ended, receipts } = await stored(['--file', folder.file('body.json')]);
    expect(ended.code).toBe(0);
    expect(Buffer.from(receipts[0]?.body ?? [])).toEqual(bytes);
  });

  it('sends its standard input byte for byte', async () => {
    const bytes = Buffer.from(`{"operationId":"from stdin", "padding": "${'x'.repeat(200_000)}"}\n`);
    const { ended, receipts } = await stored(['--file', '-'], { stdin: bytes });
    expect(ended.code).toBe(0);
    expect(Buffer.from(receipts[0]?.body ?? [])).toEqual(bytes);
  });

  it('sends a pair as the STARTED and then the FINISHED of one interaction', async () => {
    const { ended, events, receipts } = await stored([
      '--pair',
      '--media-type',
      'email',
      '--subtype',
      'Outbound',
    ]);
    expect(ended.code).toBe(0);
    expect(ended.stdout.match(/^200 OK/gm)).toHaveLength(2);
    expect(receipts).toHaveLength(2);
    const shared = {
      interaction_id: events[0]?.interaction_id,
      media_type: 'email',
      interaction_subtype: 'Outbound',
    };
    expect(events).toMatchObject([
      { type: 'STARTED', ...shared },
      { type: 'FINISHED', ...shared },
    ]);
  });

  it("appends a channel to the path and signs with the channel's secret", async () => {
    const { ended, receipts } = await stored(['--channel', 'emea-chat']);
    expect(ended.code).toBe(0);
    expect(receipts).toMatchObject([{ channel: 'emea-chat' }]);
  });

  it('passes on a trace id', async () => {
    const traceId = '463ac35c9f6413ad48485a3953bb6124';
    const { receipts } = await stored(['--trace-id', traceId]);
    expect(receipts).toMatchObject([{ trace_id: traceId }]);
  });

  it('prefers the API key that it is given to the one of the environment', async () => {
    const ended = await send(['--api-key', 'another-key']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^401 Unauthorized/);
  });

  it('shows with a wrong signature what a sender without the secret gets', async () => {
    const ended = await send(['--wrong-signature'], { env: { WEBHOOK_SECRET: '' } });
    expect(ended).toMatchObject({ code: 1, stderr: '' });
    expect(ended.stdout).toMatch(/^401 Unauthorized in .* ms\n\{"status":\{"code":401,/);
  });

  it('says on a 401 where the secret came from, without showing it', async () => {
    const ended = await send(['--secret', 'not-the-one']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('it came from --secret');
    expect(ended.stdout + ended.stderr).not.toContain('not-the-one');
  });

  it('ends with 1 on an answer that is not 200, and shows it', async () => {
    const ended = await send(['--media-type', 'telex']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^400 Bad Request/);
    expect(ended.stdout).toContain('mediaType');
  });

  it('prints one JSON document a line with --json', async () => {
    const ended = await send(['--pair', '--json']);
    const answers = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const answer = { status: 200, ms: expect.any(Number), body: { status: { code: 0 } } };
    expect(answers).toMatchObject([answer, answer]);
  });

  it('finds the service by the variables that the service reads', async () => {
    const env = { WEBHOOK_PATH: '/elsewhere' };
    const ended = await send([], { env });
    expect(ended.stdout).toMatch(/^404 Not Found/);
    const given = await send(['--url', urlOf(service.port)], { env: { ...env, PORT: '1' } });
    expect(given.code).toBe(0);
  });

  it('says in one line that nothing listens and what to do', async () => {
    // Nothing can listen on port 1 without being root, and nobody does.
    const ended = await send([], { env: { PORT: '1' } });
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Nothing listens at http://127.0.0.1:1. Start the service with "npm start", or name another address with --url.\n',
    });
    const json = await send(['--json'], { env: { PORT: '1' } });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'ECONNREFUSED' } });
  });

  it('does not follow a redirect', async () => {
    let requests = 0;
    const server = await OtherServer.start((_request, response) => {
      requests++;
      response.writeHead(307, { location: urlOf(service.port) }).end();
    });
    const ended = await send(['--url', server.url]);
    await server.stop();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^307 Temporary Redirect in .* ms\n$/);
    expect(requests).toBe(1);
  });

  it('gives up on a server that does not answer in time', async () => {
    const server = await OtherServer.start(() => undefined);
    const ended = await send(['--url', server.url, '--timeout', '1']);
    await server.stop();
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/did not answer within 1 s\.\n$/);
  });

  it('takes no control characters from an answer to the terminal', async () => {
    const server = await OtherServer.start((_request, response) => void response.end('a\u001b[2Jb'));
    const ended = await send(['--url', server.url]);
    await server.stop();
    expect(ended.stdout).toMatch(/\na\?\[2Jb\n$/);
  });

  it.each([
    [['--count', '0'], 'It must be a whole number from 1'],
    [['--count', 'many'], 'It must be a whole number from 1'],
    [['--url', 'ftp://host/'], 'no address that starts with http'],
    [['--sample', '--pair'], "option '--sample' cannot be used with option '--pair'"],
    [['--file', 'x', '--media-type', 'chat'], "option '--file <path>' cannot be used with option"],
    [['--file', 'does-not-exist.json'], '--file does-not-exist.json cannot be read (ENOENT).'],
    [['--trace-id', 'a\nb'], 'The value for the header x-b3-traceid'],
    [['--no-such-option'], "unknown option '--no-such-option'"],
    [['unexpected'], 'too many arguments'],
  ])('ends with 2 on %j, and says why', async (args, message) => {
    const ended = await send(args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('ends with 2 when a variable of the address is wrong', async () => {
    const ended = await send([], { env: { PORT: 'http', BASE_PATH: 'nexus' } });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('PORT must be a whole number');
    expect(ended.stderr).toContain('BASE_PATH must start with "/"');
  });

  it('shows examples with --help', async () => {
    const ended = await cli(['send', '--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('Examples:');
    expect(ended.stdout).toContain('npm run send -- --pair');
    expect(ended.stdout).toContain(`http://127.0.0.1:3000${PATH}`);
  });

  it('has every option that docs/cli.md names', async () => {
    const [, section = ''] = readFileSync('docs/cli.md', 'utf8').split('\n## send\n');
    const documented = section.split('\n## ')[0]?.match(/--[a-z]+(-[a-z]+)*/g) ?? [];
    expect(documented).toContain('--secret-file');
    const { stdout } = await cli(['send', '--help']);
    const known = stdout.match(/(?<=^ {2}|, )--[a-z]+(-[a-z]+)*/gm);
    expect(known).toEqual(expect.arrayContaining([...new Set(documented)]));
  });

  it('lists the commands when none is given', async () => {
    const ended = await cli([]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^ {2}send /m);
  });
});
