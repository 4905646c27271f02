import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Listener } from '../../src/cli/api-client/shapes.js';
import { api, TOKENS } from '../support/operators.js';
import { payload } from '../support/service.js';
import { until } from '../support/until.js';
import { OperatedService } from './operated-service.js';

describe('listeners', () => {
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start();
  });
  afterAll(() => operated.service.stop());

  const listener = async (): Promise<Listener | undefined> =>
    (await operated.json<Listener>(['listeners']))[0];

  it('lists them with their state and how far each is behind', async () => {
    const { service, recorder } = operated;
    recorder.handle = () => {
      throw new Error('no such case');
    };
    await service.post(payload());
    await until(async () => (await api(service, 'GET', '/deliveries')).text.includes('no such case'));
    recorder.handle = () => undefined;
    const { code, stdout } = await operated.run(['listeners']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^LISTENER {2}STATE {4}WAITING {2}RUNNING {2}DEAD {2}BEHIND {2}PER MIN {2}FAILED\nrecorder {2}running +0 +0 +1 +- +\S+ +100%\n$/,
    );
  });

  it('pauses one, which then gets nothing, and resumes it', async () => {
    const paused = await operated.run(['listeners', 'pause', 'recorder']);
    expect(paused).toEqual({ code: 0, stdout: 'recorder is paused; 0 deliveries wait.\n', stderr: '' });
    const { service, recorder } = operated;
    const seen = recorder.seen.length;
    await service.post(payload());
    expect(await listener()).toMatchObject({ name: 'recorder', paused: true, waiting: 1 });
    expect((await operated.run(['listeners'])).stdout).toMatch(/\nrecorder {2}paused +1 /);
    const [resumed] = await operated.json<Listener>(['listeners', 'resume', 'recorder']);
    expect(resumed).toMatchObject({ name: 'recorder', paused: false });
    await until(() => recorder.seen.length > seen);
  });

  it('leaves in the audit log who did it', async () => {
    const answer = await api(operated.service, 'GET', '/audit?limit=1');
    const requestedBy: unknown = expect.stringMatching(/^cli:./);
    expect(answer.json).toMatchObject({ items: [{ action: 'listeners.resume', requestedBy }] });
  });

  it('ends with 77 where a viewer would act, and with 1 for a listener that nobody knows', async () => {
    const refused = await operated.run(['listeners', 'pause', 'recorder', '--token', TOKENS.VIEWER_TOKEN]);
    expect(refused).toMatchObject({ code: 77, stdout: '' });
    expect(refused.stderr).toContain('needs the operator token');
    expect(await listener()).toMatchObject({ paused: false });
    expect(await operated.run(['listeners', 'pause', 'nobody'])).toMatchObject({ code: 1, stdout: '' });
  });

  it.each([
    [
      ['listeners', '--url', 'http://127.0.0.1:1', 'pause', 'recorder'],
      '--url belongs behind "pause": interactions-webhook listeners pause --url …\n',
    ],
    [
      ['quarantine', '--channel', 'emea-chat', 'reprocess', '--all', '--yes'],
      '--channel belongs behind "reprocess": interactions-webhook quarantine reprocess --channel …\n',
    ],
    [['replay', '--json', 'list'], '--json belongs behind "list": interactions-webhook replay list --json\n'],
    [
      ['quarantine', '--groups', 'show', '1'],
      '"quarantine show" does not take --groups. See what it takes: interactions-webhook quarantine show --help\n',
    ],
  ])('ends with 2, and asks no service, for %j: the option would be lost', async (args, stderr) => {
    expect(await operated.run(args)).toEqual({ code: 2, stdout: '', stderr });
    expect(await listener()).toMatchObject({ paused: false });
  });
});
