import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PermanentError } from '../../src/events/delivery.js';
import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { samplesOf, SCRAPED } from './scrape.js';

let service: TestService;
const recorder = new Recorder();
recorder.handle = () => {
  throw new PermanentError('never');
};
beforeAll(async () => {
  service = await TestService.start(SCRAPED, { listeners: [recorder.module()] });
});
afterAll(() => service.stop());

describe('with PostgreSQL', () => {
  it('/metrics tells of commits and of what the store holds', async () => {
    await service.post(payload('STARTED'));
    await service.post('{');
    await until(async () => (await samplesOf(service))['dead_letters{listener="recorder"}'] === 1);
    await until(async () => (await samplesOf(service))['interactions{state="open"}'] === 1);
    expect(await samplesOf(service)).toMatchObject({
      store_commit_receipts_count: 1,
      store_commit_failures_total: 0,
      quarantine_held: 1,
      'deliveries_open{listener="recorder"}': 0,
      'listener_lag_seconds{listener="recorder"}': 0,
      'interactions{state="stuck"}': 0,
    });
  });

  it('/metrics tells of no file, for there is none', async () => {
    const names = Object.keys(await samplesOf(service));
    expect(names.filter((name) => /store_(size|disk)/.test(name))).toEqual([]);
  });
});
