import { once } from 'node:events';
import { request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { LiveAttempt, StoredEvent } from '../../src/cli/api-client/shapes.js';
import { StreamService } from '../../src/operations/stream/stream.service.js';
import { payload } from '../support/service.js';
import { until } from '../support/until.js';
import { Folder, OtherServer, spawnCli, type Ended, type RunOptions } from './command-line.js';
import { OperatedService, TERMINAL } from './operated-service.js';

type Line = (StoredEvent & { kind: 'event' }) | (LiveAttempt & { kind: 'attempt'; at: string });

describe('tail', () => {
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start();
    for (let i = 1; i <= 12; i++) await post(`old-${i}`);
  });
  afterAll(() => operated.service.stop());

  const post = (id: string, type: 'STARTED' | 'FINISHED' = 'STARTED') =>
    operated.service.post(payload(type, id));

  /** Runs `tail`; calls `onStdout` with all that it printed, and interrupts it once that returns true. */
  function tail(
    args: readonly string[],
    onStdout: (soFar: string) => boolean,
    options: RunOptions = {},
  ): Promise<Ended> {
    const interrupt = new AbortController();
    return operated.run(['tail', ...args], {
      ...options,
      interrupt: interrupt.signal,
      onStdout: (soFar) => {
        if (onStdout(soFar)) interrupt.abort();
      },
    });
  }

  const linesOf = (text: string): Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  const idsOf = ({ stdout }: Ended): unknown[] => linesOf(stdout).map(({ interactionId }) => interactionId);

  /** Posts once, as soon as something was printed. */
  function onceOnly(action: () => Promise<unknown>): () => void {
    let done: Promise<unknown> | undefined;
    return () => void (done ??= action());
  }

  it('prints the latest events and then what comes, as JSON to a pipe, until Ctrl-C ends it with 0', async () => {
    const send = onceOnly(() => post('new'));
    const ended = await tail([], (soFar) => {
      send();
      return soFar.includes('"new"') && soFar.endsWith('\n');
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(idsOf(ended)).toEqual([...Array.from({ length: 10 }, (_, i) => `old-${i + 3}`), 'new']);
    expect(linesOf(ended.stdout).at(-1)).toEqual({
      kind: 'event',
      seq: 13,
      type: 'STARTED',
      interactionId: 'new',
      mediaType: 'chat',
      interactionSubtype: 'InboundNew',
      channel: 'default',
      operationId: expect.any(String),
      selfUri: null,
      late: false,
      traceId: null,
      receivedAt: expect.stringMatching(/Z$/),
    });
  });

  it('prints columns with colours on a terminal, and nothing of an event that it obeys', async () => {
    const send = onceOnly(() => post('evil\u001b[2J\u009b'));
    const ended = await tail(
      ['--lines', '1'],
      (soFar) => {
        send();
        return soFar.includes('evil');
      },
      { preload: TERMINAL },
    );
    expect(ended.code).toBe(0);
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      // eslint-disable-next-line no-control-regex -- colours begin with it
      /^\S+Z {6}#14 {2}\u001b\[32mSTARTED\u001b\[39m {8}chat {4}InboundNew {6}default {5}evil\?\[2J\?$/,
    );
  });

  it('prints what is picked, and attempts where they are asked for', async () => {
    operated.recorder.handle = () => {
      throw new Error('no such case');
    };
    const send = onceOnly(async () => {
      await post('other');
      await post('mine');
      await post('mine', 'FINISHED');
    });
    const args = [
      '--interaction',
      'mine',
      '--type',
      'FINISHED',
      '--attempts',
      '--listener',
      'recorder',
      '-n',
      '0',
    ];
    // Nothing is printed before: it is sent once the stream is open, since attempts are live alone.
    const opened = until(() => operated.service.get(StreamService).size === 1).then(send);
    const ended = await tail(args, (soFar) => soFar.split('\n').length > 3);
    await opened;
    operated.recorder.handle = () => undefined;
    const lines = linesOf(ended.stdout).toSorted((a, b) => a.seq - b.seq || a.kind.localeCompare(b.kind));
    const told = lines.map(({ kind, interactionId }) => ({ kind, interactionId }));
    expect(told).toEqual([
      { kind: 'attempt', interactionId: 'mine' },
      { kind: 'attempt', interactionId: 'mine' },
      { kind: 'event', interactionId: 'mine' },
    ]);
    expect(lines[0]).toMatchObject({
      listener: 'recorder',
      attempt: 1,
      outcome: 'failed',
      error: expect.stringContaining('no such case'),
    });
  });

  it('goes on behind a position of the log', async () => {
    const ended = await tail(['--after', '9'], (soFar) => soFar.includes('evil'));
    expect(idsOf(ended).slice(0, 4)).toEqual(['old-10', 'old-11', 'old-12', 'new']);
  });

  it('connects again where it was cut off, and leaves out and repeats nothing', async () => {
    const before = linesOf((await tail(['-n', '1'], () => true)).stdout)[0]?.seq ?? 0;
    let opened = 0;
    const proxy = await OtherServer.start((request, response) => {
      const isStream = request.url?.includes('/stream') === true;
      if (isStream) opened++;
      // What comes while nobody is connected is the point.
      const ready = isStream && opened === 2 ? post('while-away') : Promise.resolve();
      void ready.then(() =>
        forward(request, response, isStream && opened === 1 ? cutBehind('first') : undefined),
      );
    });
    const send = onceOnly(() => post('first'));
    let sentLast = false;
    const ended = await tail(['-n', '1', '--url', new URL('/', proxy.url).href], (soFar) => {
      send();
      if (soFar.includes('while-away') && !sentLast) {
        sentLast = true;
        void post('last');
      }
      return soFar.includes('"last"');
    });
    await proxy.stop();
    expect(linesOf(ended.stdout).map(({ seq }) => seq)).toEqual([before, before + 1, before + 2, before + 3]);
    expect(idsOf(ended).slice(1)).toEqual(['first', 'while-away', 'last']);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^Lost the connection: .*\. Trying again …\nConnected again\.\n$/);
  });

  /** Passes a request on to the service, and its answer back, of which `cut` ends the connection. */
  function forward(
    request: IncomingMessage,
    response: ServerResponse,
    cut?: (chunk: string) => boolean,
  ): void {
    const { method, url, headers } = request;
    const options = { host: '127.0.0.1', port: operated.service.port, method, path: url, headers };
    const passed = sendRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.on('data', (chunk: Buffer) => {
        response.write(chunk, () => {
          if (cut?.(chunk.toString())) {
            response.destroy();
            passed.destroy();
          }
        });
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    passed.end();
  }

  const cutBehind = (id: string) => (chunk: string) => chunk.includes(id);

  it('ends by itself when its reader has enough, as "head" has', async () => {
    const folder = new Folder();
    const child = spawnCli(['tail', '-n', '1'], { cwd: folder.path, env: operated.env });
    const ended = once(child, 'close') as Promise<[number | null]>;
    // One that goes on would keep this process, too.
    setTimeout(() => child.kill('SIGKILL'), 15_000).unref();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await post('for-nobody');
    const [stderr, [code]] = await Promise.all([text(child.stderr), ended]);
    folder.remove();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with 69 when the first connection fails, and with 77 when a later one is refused', async () => {
    expect(await operated.run(['tail'], { env: { PORT: '1' } })).toMatchObject({ code: 69, stdout: '' });
    let asked = 0;
    const server = await OtherServer.start((_request, response) => {
      asked++;
      if (asked <= 1) response.end(JSON.stringify({ items: [], next: null }));
      else if (asked === 2) response.end(': a stream that ends\n\n');
      else
        response
          .writeHead(401)
          .end(JSON.stringify({ status: { code: 401, message: 'The token is not valid.' } }));
    });
    const ended = await operated.run(['tail', '-n', '0', '--url', server.url]);
    await server.stop();
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toContain('Lost the connection: the service ended the stream. Trying again …');
    expect(ended.stderr).toContain('The token is not valid.');
  });

  it.each([
    [['--lines', '501'], 'It must be a whole number from 0 to 500'],
    [['--after', 'x'], 'It must be a whole number'],
  ])('ends with 2 on %j, and says why', async (args, message) => {
    const ended = await operated.run(['tail', ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});
