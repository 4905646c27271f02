import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Replay } from '../../src/cli/api-client/shapes.js';
import { TOKENS } from '../support/operators.js';
import { payload } from '../support/service.js';
import { until } from '../support/until.js';
import { cli, OtherServer } from './command-line.js';
import { OperatedService, TERMINAL } from './operated-service.js';

describe('replay', () => {
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start();
    const { service, recorder } = operated;
    for (const id of ['a', 'b', 'c']) await service.post(payload('STARTED', id));
    await until(() => recorder.seen.length === 3);
  });
  afterAll(() => operated.service.stop());

  const replay = (args: readonly string[], options = {}) =>
    operated.run(['replay', '--listener', 'recorder', ...args], options);
  const seen = (): unknown[] => operated.recorder.seen.map(({ id }) => id);

  it('counts with --dry-run, and replays nothing', async () => {
    const ended = await replay(['--interaction', 'b', '--dry-run']);
    expect(ended).toEqual({ code: 0, stdout: '1 event would be replayed for recorder.\n', stderr: '' });
    const [json] = await operated.json(['replay', '--listener', 'recorder', '--all', '--dry-run']);
    expect(json).toEqual({ count: 3, dryRun: true });
    expect(await replay(['--type', 'FINISHED', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'No event matches.\n',
    });
    expect(seen()).toEqual(['a', 'b', 'c']);
  });

  it('hands the events to the listener once more, and waits for its end', async () => {
    const ended = await replay(['--interaction', 'b', '--yes']);
    expect(ended).toEqual({ code: 0, stdout: 'Done: 1 event replayed for recorder.\n', stderr: '' });
    await until(() => seen().length === 4);
    expect(seen()).toEqual(['a', 'b', 'c', 'b']);
  });

  it('asks on a terminal, and shows how far it is', async () => {
    const declined = await replay(['--all'], { preload: TERMINAL, stdin: Buffer.from('n\n') });
    expect(declined).toMatchObject({ code: 1, stdout: '' });
    const agreed = await replay(['--interaction', 'a'], { preload: TERMINAL, stdin: Buffer.from('yes\n') });
    expect(agreed).toMatchObject({ code: 0, stdout: 'Done: 1 event replayed for recorder.\n' });
    expect(agreed.stderr).toContain('Replay 1 event for recorder? [y/N]');
    expect(agreed.stderr).toMatch(/[░█]+ \d+%/);
    await until(() => seen().length === 5);
  });

  it('can be left to itself, listed, watched, and cancelled where it has not ended', async () => {
    const [begun] = await operated.json<Replay>([
      'replay',
      '--listener',
      'recorder',
      '--all',
      '--yes',
      '--detach',
    ]);
    expect(begun).toMatchObject({ listener: 'recorder', replayed: expect.any(Number) });
    const id = String(begun?.id);
    expect(await operated.run(['replay', 'watch', id])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Done: 3 events/),
    });
    const { stdout } = await operated.run(['replay', 'list', '--limit', '1']);
    expect(stdout).toMatch(
      /^ID {2}LISTENER {2}STATE {2}PROGRESS {2}REPLAYED {2}BEGUN\n +3 {2}recorder {2}done {7}100% +3 {2}\S+Z\n$/,
    );
    const late = await operated.run(['replay', 'cancel', id]);
    expect(late).toMatchObject({ code: 1, stdout: '' });
    expect(late.stderr).toContain('has ended already');
  });

  it('ends with 2 without a listener, with 1 for one that nobody knows, and asks nobody in a script', async () => {
    expect(await operated.run(['replay', '--yes'])).toMatchObject({
      code: 2,
      stderr: 'Say who gets the events: --listener NAME.\n',
    });
    expect(await operated.run(['replay', '--listener', 'nobody', '--all', '--yes'])).toMatchObject({
      code: 1,
    });
    expect(await replay(['--yes'])).toMatchObject({
      code: 2,
      stderr: 'Say which events: an option that picks some, or --all.\n',
    });
    const unasked = await replay(['--all']);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toContain('Nobody can be asked here');
  });
});

describe('Ctrl-C while a replay goes on', () => {
  it('ends the waiting and not the replay, and says how to watch and how to cancel it', async () => {
    const interrupt = new AbortController();
    const asked: string[] = [];
    const server = await OtherServer.start((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const running = { id: 7, listener: 'crm', state: 'running', replayed: 10, progress: 0.1 };
      response.end(JSON.stringify(asked.length === 1 ? { count: 100 } : running));
      if (asked.length === 4) interrupt.abort();
    });
    const args = ['replay', '--listener', 'crm', '--all', '--yes', '--url', server.url];
    const ended = await cli(args, { env: TOKENS, interrupt: interrupt.signal });
    await server.stop();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe(
      [
        'The replay 7 goes on in the service.',
        '  watch it:  interactions-webhook replay watch 7',
        '  end it:    interactions-webhook replay cancel 7',
        '',
      ].join('\n'),
    );
    expect(asked.filter((request) => request.includes('cancel'))).toEqual([]);
  });
});
