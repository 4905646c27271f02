import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { DeliveryGroup, DeliveryItem, Page, StoredEvent } from '../../src/cli/api-client/shapes.js';
import { api, TOKENS } from '../support/operators.js';
import { payload } from '../support/service.js';
import { until } from '../support/until.js';
import { cli, OtherServer } from './command-line.js';
import { OperatedService, TERMINAL } from './operated-service.js';

/** So many dead letters, of interactions `a-0` and so on. */
const DEAD = 3;

describe('dead letters', () => {
  let operated: OperatedService;
  let first: number;
  beforeAll(async () => {
    operated = await OperatedService.start();
  });
  afterAll(() => operated.service.stop());

  const states = async (): Promise<string[]> => {
    const { store } = operated.service;
    const rows = store.builder
      .selectFrom('deliveries')
      .select('state')
      .where('seq', '>=', first)
      .orderBy('seq');
    return (await store.query(rows)).map(({ state }) => state);
  };
  const all = (state: string) => async (): Promise<boolean> =>
    (await states()).every((found) => found === state) && (await states()).length === DEAD;

  /** Each test has dead letters of its own; those of others are done or discarded. */
  beforeEach(async () => {
    const { service, recorder } = operated;
    await api(service, 'POST', '/deliveries/discard', { body: { filter: {} } });
    recorder.handle = () => {
      throw new Error('no such case\nsecond line');
    };
    const { items } = (await api(service, 'GET', '/events?limit=1')).json as Page<StoredEvent>;
    first = (items[0]?.seq ?? 0) + 1;
    for (let i = 0; i < DEAD; i++) await service.post(payload('STARTED', `a-${i}`));
    await until(all('dead'));
    recorder.handle = () => undefined;
  });

  it('are listed, one a line or counted by listener and error', async () => {
    const { stdout, code } = await operated.run(['dead', '--limit', '2']);
    expect(code).toBe(0);
    const [heading, latest, ...rest] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(
      /^SEQ {2}LISTENER {2}LAST ATTEMPT {14}ATTEMPTS {2}TYPE {5}CHANNEL {2}INTERACTION {2}ERROR$/,
    );
    expect(latest).toMatch(
      /^ *\d+ {2}recorder {2}\S+Z +1 {2}STARTED {2}default {2}a-2 {10}Error: no such case$/,
    );
    expect(rest).toHaveLength(1);
    const items = await operated.json<DeliveryItem>(['dead', '--interaction', 'a-1']);
    expect(items).toMatchObject([{ listener: 'recorder', event: { interactionId: 'a-1' } }]);
    const groups = await operated.json<DeliveryGroup>(['dead', '--groups']);
    expect(groups).toEqual([
      { listener: 'recorder', error: 'Error: no such case', count: 3, firstSeq: first, lastSeq: first + 2 },
    ]);
    const grouped = await operated.run(['dead', '--groups']);
    expect(grouped.stdout).toMatch(/\n +3 {2}recorder +\d+ +\d+ {2}Error: no such case\n$/);
  });

  it('are counted with --dry-run, and left as they are', async () => {
    const ended = await operated.run(['retry', '--all', '--dry-run']);
    expect(ended).toMatchObject({ code: 0, stdout: '3 dead letters would be picked.\n' });
    expect(ended.stderr).toContain('Error: no such case');
    const [json] = await operated.json(['discard', '--error', 'Error: no such case', '--dry-run']);
    expect(json).toEqual({ count: 3, whole: true, dryRun: true });
    expect(await states()).toEqual(['dead', 'dead', 'dead']);
  });

  it('are retried, and run again', async () => {
    const [json] = await operated.json(['retry', '--listener', 'recorder', '--yes']);
    expect(json).toEqual({ count: 3, whole: true, dryRun: false });
    await until(all('done'));
  });

  it('are picked one by one, and by the first line of their error', async () => {
    const seqs = `${first},${first + 2},${first + 100}`;
    const ended = await operated.run(['discard', '--seq', seqs, '--error', 'Error: no such case', '--yes']);
    expect(ended).toMatchObject({ code: 0, stdout: '2 dead letters discarded.\n' });
    expect(await states()).toEqual(['discarded', 'dead', 'discarded']);
    const none = await operated.run(['retry', '--error', 'Error: another', '--yes']);
    expect(none).toEqual({ code: 0, stdout: 'No dead letter matches.\n', stderr: '' });
  });

  it('are changed on a terminal when it is confirmed, and with a progress bar', async () => {
    const options = { preload: TERMINAL, stdin: Buffer.from('y\n') };
    const ended = await operated.run(['retry', '--all'], options);
    expect(ended).toMatchObject({ code: 0, stdout: '3 dead letters will be retried.\n' });
    expect(ended.stderr).toContain('Retry 3 dead letters, each with fresh attempts? [y/N]');
    expect(ended.stderr).toMatch(/[░█]+ \d+% {2}\d+\/3/);
    await until(all('done'));
  });

  it.each([
    ['a no', 'n\n'],
    ['just a line end', '\n'],
    ['the end of the input', ''],
  ])('stay as they are when %s is the answer', async (_, answer) => {
    const options = { preload: TERMINAL, stdin: Buffer.from(answer) };
    const ended = await operated.run(['discard', '--all'], options);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/Nothing was done\.\n$/);
    expect(await states()).toEqual(['dead', 'dead', 'dead']);
  });

  it('stay as they are where nobody can be asked, or nothing was picked', async () => {
    const unasked = await operated.run(['retry', '--all']);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toContain('Nobody can be asked here: add --yes');
    expect(await operated.run(['retry', '--yes'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Say which dead letters: an option that picks some, or --all.\n',
    });
    expect(await operated.run(['retry', '--all', '--listener', 'recorder'])).toMatchObject({ code: 2 });
    expect(await states()).toEqual(['dead', 'dead', 'dead']);
  });
});

describe('a retry of many', () => {
  it('does batch after batch, and ends after the one under way on Ctrl-C', async () => {
    const interrupt = new AbortController();
    const cursors: unknown[] = [];
    const server = await OtherServer.start((request, response) => {
      if (request.method === 'GET') {
        const item = { seq: 1, listener: 'crm', error: 'Error: down' };
        response.end(JSON.stringify({ items: [item], next: null }));
        return;
      }
      void text(request).then((body) => {
        cursors.push((JSON.parse(body) as { cursor?: string }).cursor);
        // There is always more to do: only Ctrl-C ends it.
        if (cursors.length === 3) interrupt.abort();
        response.end(JSON.stringify({ count: 500, next: `after-${cursors.length}` }));
      });
    });
    const args = ['retry', '--all', '--yes', '--json', '--url', server.url];
    const ended = await cli(args, { env: TOKENS, interrupt: interrupt.signal });
    await server.stop();
    expect(cursors.slice(0, 3)).toEqual([undefined, 'after-1', 'after-2']);
    expect(JSON.parse(ended.stdout)).toEqual({ count: 500 * cursors.length, whole: false, dryRun: false });
    expect(ended.code).toBe(1);
  });
});
