import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Timeline } from '../../src/cli/api-client/shapes.js';
import { payload, signature } from '../support/service.js';
import { until } from '../support/until.js';
import { OperatedService } from './operated-service.js';

describe('interaction', () => {
  let operated: OperatedService;
  beforeAll(async () => {
    operated = await OperatedService.start({ INTERACTIONS: 'on', WEBHOOK_SECRET_EMEA: 'emea-secret' });
    const { service, recorder } = operated;
    recorder.handle = ({ type }) => {
      if (type === 'FINISHED') throw new Error('no such case\u001b[2J\nwith a second line');
    };
    const started = payload('STARTED', 'a/b');
    await service.post(started, { 'x-b3-traceid': '463ac35c9f6413ad' });
    await service.post(started);
    await service.post(payload('FINISHED', 'a/b'));
    const emea = payload('STARTED', 'a/b');
    const headers = { 'x-hub-signature': signature(emea, 'emea-secret') };
    await service.post(emea, headers, '/nexus/v3/some/interactions/webhook/path/emea');
    const { store } = service;
    const open = store.builder
      .selectFrom('deliveries')
      .select('seq')
      .where('state', 'not in', ['done', 'dead']);
    await until(async () => (await store.query(open)).length === 0);
  });
  afterAll(() => operated.service.stop());

  it('tells what happened in the order in which it happened, and what is not done', async () => {
    const { code, stdout, stderr } = await operated.run(['interaction', 'a/b', '--channel', 'default']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'Interaction a/b',
      expect.stringMatching(/^Channel default {2}chat InboundNew {2}finished, took \d+(\.\d)? m?s$/),
      '',
    ]);
    const happened = lines.slice(3, -3);
    const [received, ...rest] = happened.map((line) => line.slice(26));
    expect(received).toBe('#1 STARTED received, sent again 1 time, trace 463ac35c9f6413ad');
    expect(rest.toSorted()).toEqual([
      expect.stringMatching(/^ {2}#1 interactions: attempt 1 done after \d+ ms$/),
      expect.stringMatching(/^ {2}#1 recorder: attempt 1 done after \d+ ms$/),
      expect.stringMatching(/^ {2}#2 interactions: attempt 1 done after \d+ ms$/),
      expect.stringMatching(/^ {2}#2 recorder: attempt 1 failed after \d+ ms: Error: no such case\?\[2J$/),
      '#2 FINISHED received',
    ]);
    const times = happened.map((line) => line.slice(0, 24));
    expect(times).toEqual(times.toSorted());
    expect(lines.slice(-3)).toEqual([
      '',
      'Not done',
      '  #2 recorder: dead after 1 attempt: Error: no such case?[2J',
    ]);
  });

  it('tells of each channel that knows the id', async () => {
    const timelines = await operated.json<Timeline>(['interaction', 'a/b']);
    const known = timelines.map(({ channel, state }) => ({ channel, state }));
    expect(known).toEqual(
      expect.arrayContaining([
        { channel: 'default', state: 'finished' },
        { channel: 'emea', state: 'open' },
      ]),
    );
    expect(known).toHaveLength(2);
    const { stdout } = await operated.run(['interaction', 'a/b']);
    expect(stdout.match(/^Interaction a\/b$/gm)).toHaveLength(2);
  });

  it('ends with 1 for an interaction that nobody knows', async () => {
    expect(await operated.run(['interaction', 'nobody'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no event of this interaction.\n',
    });
  });
});
