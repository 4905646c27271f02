import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Summary } from '../../src/cli/send/tally.js';
import { SECRET, TestService } from '../support/service.js';
import { cli, OtherServer, urlOf, type Ended, type RunOptions } from './command-line.js';

/** Makes a process take its standard error for a terminal: to open a real one needs a native module. */
const TERMINAL = 'data:text/javascript,Object.defineProperty(process.stderr,"isTTY",{value:true})';

describe('send --count', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());

  function send(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return cli(['send', '--secret', SECRET, '--url', urlOf(service.port), ...args], options);
  }

  async function events(): Promise<{ type: string | null; interaction_id: string | null }[]> {
    const { store } = service;
    return store.query(store.builder.selectFrom('events').select(['type', 'interaction_id']).orderBy('seq'));
  }

  it('sends as many as it is told, and sums them up', async () => {
    const before = (await events()).length;
    const ended = await send(['--count', '200', '--concurrency', '20']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /^Sent 200 in [\d.]+ s, \d+ answers per second\n {2}200: 200\nTime to an answer: p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms\n$/,
    );
    const ids = new Set((await events()).slice(before).map((event) => event.interaction_id));
    expect(ids.size).toBe(200);
  });

  it('sends pairs in order, many at once', async () => {
    const before = (await events()).length;
    const ended = await send(['--count', '30', '--concurrency', '10', '--pair', '--json']);
    expect(JSON.parse(ended.stdout)).toMatchObject({ sent: 60, planned: 60, statuses: { '200': 60 } });
    const types = new Map<string | null, string>();
    for (const { interaction_id: id, type } of (await events()).slice(before)) {
      types.set(id, `${types.get(id) ?? ''}${type} `);
    }
    expect([...types.values()]).toEqual(Array.from({ length: 30 }, () => 'STARTED FINISHED '));
  });

  it('keeps no more requests open than it is told, and reuses their connections', async () => {
    let open = 0;
    let most = 0;
    const sockets = new Set<unknown>();
    const server = await OtherServer.start((request, response) => {
      sockets.add(request.socket);
      most = Math.max(most, ++open);
      request.resume().on('end', () => {
        open--;
        response.end('{}');
      });
    });
    const ended = await send(['--url', server.url, '--count', '100', '--concurrency', '4']);
    await server.stop();
    expect(ended.code).toBe(0);
    expect(most).toBeLessThanOrEqual(4);
    expect(sockets.size).toBeLessThanOrEqual(4);
  });

  it('counts answers by status, and ends with 1 when one was not 200', async () => {
    let requests = 0;
    const server = await OtherServer.start((request, response) => {
      requests++;
      const status = requests % 10 === 0 ? 503 : 200;
      const dropped = requests === 5;
      request.resume().on('end', () => {
        if (dropped) request.socket.destroy();
        else response.writeHead(status).end('{}');
      });
    });
    const ended = await send(['--url', server.url, '--count', '50', '--json']);
    await server.stop();
    expect(ended.code).toBe(1);
    const summary = JSON.parse(ended.stdout) as Summary;
    expect(summary).toMatchObject({ sent: 50, statuses: { '200': 44, '503': 5 }, interrupted: false });
    expect(summary.unanswered).toEqual({ ECONNRESET: 1 });
    expect(Object.keys(summary.ms ?? {})).toEqual(['p50', 'p95', 'p99']);
  });

  it('gives up at once when nothing listens', async () => {
    const ended = await send(['--url', urlOf(1), '--count', '1000000']);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^Nothing listens at http:\/\/127\.0\.0\.1:1\. .*\n$/);
  });

  it('prints the summary so far on Ctrl-C, counting what was still answered', async () => {
    const interrupt = new AbortController();
    let requests = 0;
    let answered = 0;
    const server = await OtherServer.start((request, response) => {
      requests++;
      if (requests === 50) interrupt.abort();
      // Those that come with Ctrl-C or after it are still under way when it arrives.
      const delay = requests < 50 ? 0 : 300;
      const answer = () => response.end('{}', () => answered++);
      request.resume().on('end', () => setTimeout(answer, delay));
    });
    const args = ['--url', server.url, '--count', '1000000', '--json'];
    const ended = await send(args, { interrupt: interrupt.signal });
    await server.stop();
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      sent: answered,
      planned: 1_000_000,
      statuses: { '200': answered },
      unanswered: {},
      interrupted: true,
    });
  });

  it('ends soon after Ctrl-C when a server does not answer at all', async () => {
    const interrupt = new AbortController();
    const server = await OtherServer.start((request) => {
      request.resume().on('end', () => interrupt.abort());
    });
    const args = ['--url', server.url, '--count', '1000', '--concurrency', '1', '--timeout', '60'];
    const ended = await send(args, { interrupt: interrupt.signal });
    await server.stop();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^Interrupted: sent 1 of 1000 in .*\n {2}no answer \(ECONNRESET\): 1\n$/);
  });

  it('draws a progress bar on a terminal, apart from the summary', async () => {
    const ended = await send(['--count', '20', '--json'], { preload: TERMINAL });
    expect(ended.stderr).toMatch(/[░█]+ \d+% {2}\d+\/20/);
    expect(JSON.parse(ended.stdout)).toMatchObject({ sent: 20 });
  });
});
