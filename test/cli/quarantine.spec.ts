import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { QuarantineDetail, QuarantineItem } from '../../src/cli/api-client/shapes.js';
import { api, TOKENS } from '../support/operators.js';
import { payload, TestService } from '../support/service.js';
import { quarantineOf } from '../support/rows.js';
import { OperatedService, TERMINAL } from './operated-service.js';

const unlisted = (id: string): object => ({
  ...payload(),
  data: {
    entities: [
      { event: 'STARTED', entity: { id, mediaType: 'telex\u001b[2J', interactionSubtype: 'InboundNew' } },
    ],
  },
});

describe('quarantine', () => {
  let operated: OperatedService;
  beforeAll(async () => {
    // What it refuses is there from a service with stricter rules, as after a change of the configuration.
    operated = await OperatedService.start();
    const { service } = operated;
    for (const id of ['a', 'b']) await service.post(unlisted(id));
    await service.post('{"data": 1}');
    await service.post('{"data": 1}');
    await service.post(Buffer.from([0xff, 0xfe]));
  });
  afterAll(() => operated.service.stop());

  const states = async (): Promise<string[]> =>
    (await quarantineOf(operated.service)).map(({ state }) => state);

  it('lists what is held, the newest first, or counts it by what is wrong', async () => {
    const { code, stdout } = await operated.run(['quarantine', '--limit', '2']);
    expect(code).toBe(0);
    const [heading, , second, ...rest] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^ID {2}LAST CAME {17}TIMES {2}CHANNEL {2}STATE {2}BYTES {2}WRONG$/);
    expect(second).toMatch(/^ 3 {2}\S+Z {6}2 {2}default {2}held {6}11 {2}data must be /);
    expect(rest).toEqual([]);
    const items = await operated.json<QuarantineItem>([
      'quarantine',
      '--state',
      'held',
      '--channel',
      'default',
    ]);
    expect(items.map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    const groups = await operated.json<{ error: string; count: number }>(['quarantine', '--groups']);
    expect(groups[0]).toMatchObject({ count: 2, error: expect.stringContaining('mediaType') });
    expect((await operated.run(['quarantine', '--groups'])).stdout).toMatch(/\n +2 {2}.*mediaType/);
  });

  it('shows one with its body, and nothing that a terminal obeys', async () => {
    const { stdout } = await operated.run(['quarantine', 'show', '1']);
    expect(stdout).toMatch(/^Payload 1 {2}held\nChannel {6}default\nCame {9}\S+Z\n/);
    expect(stdout).toContain('"mediaType": "telex\\u001b[2J"');
    expect(stdout).not.toContain('\u001b');
    const [detail] = await operated.json<QuarantineDetail>(['quarantine', 'show', '3']);
    expect(detail).toMatchObject({ id: 3, times: 2, body: '{"data": 1}', bodyHidden: false });
    expect((await operated.run(['quarantine', 'show', '4'])).stdout).toContain('not UTF-8; in base64: //4=');
    const args = ['quarantine', 'show', '3', '--token', TOKENS.VIEWER_TOKEN];
    expect((await operated.run(args)).stdout).toContain('hidden: a viewer may not read it');
  });

  it('says what is still not valid after it was reprocessed, and ends with 1', async () => {
    const dry = await operated.run(['quarantine', 'reprocess', '--all', '--dry-run']);
    expect(dry).toEqual({ code: 0, stdout: '4 payloads would be picked.\n', stderr: '' });
    const ended = await operated.run(['quarantine', 'reprocess', '3', '1', '--yes']);
    expect(ended).toMatchObject({ code: 1, stderr: '' });
    expect(ended.stdout).toMatch(
      /^0 payloads accepted\.\n2 payloads are still not valid, and held:\n {2}\d: .*\n {2}\d: .*\n$/,
    );
    expect(await states()).toEqual(['held', 'held', 'held', 'held']);
  });

  it('discards those that are named once that is confirmed', async () => {
    const options = { preload: TERMINAL, stdin: Buffer.from('y\n') };
    const ended = await operated.run(['quarantine', 'discard', '4'], options);
    expect(ended).toMatchObject({ code: 0, stdout: '1 payload discarded.\n' });
    expect(ended.stderr).toContain('Discard 1 payload? No listener will ever get what is in it. [y/N]');
    expect(await states()).toEqual(['held', 'held', 'held', 'discarded']);
  });

  it('accepts what the present rules allow', async () => {
    const { service } = operated;
    const lenient = await TestService.start(
      { ...TOKENS, UNKNOWN_VALUES: 'accept' },
      { dataDir: service.dataDir },
    );
    const error = (await api(service, 'GET', '/quarantine/groups')).json as { items: { error: string }[] };
    const args = ['quarantine', 'reprocess', '--error', error.items[0]?.error ?? '', '--yes'];
    const [json] = await operated.json(args, { env: { PORT: String(lenient.port) } });
    await lenient.stop();
    expect(json).toEqual({ count: 2, failed: [], whole: true, dryRun: false });
    expect(await states()).toEqual(['reprocessed', 'reprocessed', 'held', 'discarded']);
  });

  it.each([
    [['reprocess', '--yes'], 'Say which payloads: their ids, --channel, --error, or --all.'],
    [['discard', '3', '--all', '--yes'], '--all, and which ones: say one of the two.'],
    [['discard', '3'], 'Nobody can be asked here'],
    [['discard', 'x'], 'It must be a whole number from 1 on'],
    [['--state', 'lost'], 'Allowed choices are held, reprocessed, discarded'],
  ])('ends with 2 on %j, and says why', async (args, message) => {
    const ended = await operated.run(['quarantine', ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});
