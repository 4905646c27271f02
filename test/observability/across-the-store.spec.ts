import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Collector, KIND } from './collector.js';

const TRACE = '463ac35c9f6413ad48485a3953bb6124';

let dataDir: string;
let collector: Collector;
const recorder = new Recorder();

const start = (env: Record<string, string>): Promise<TestService> =>
  TestService.start(
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    { listeners: [recorder.module()], dataDir },
  );

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-traces-'));
  collector = await Collector.start();
});
afterEach(async () => {
  await collector.stop();
  rmSync(dataDir, { recursive: true });
});

describe('a trace across the store', () => {
  it('links an attempt to the commit that another process made, before a restart', async () => {
    const receiving = await start({ ROLES: 'receive' });
    await receiving.post(payload(), { 'x-b3-traceid': TRACE });
    await receiving.stop();
    const [, commit] = collector.trace(TRACE);
    expect([commit?.name, collector.spans.length]).toEqual(['commit', 2]);

    const delivering = await start({ ROLES: 'deliver' });
    await until(() => recorder.seen.length === 1);
    await delivering.stop();
    const attempt = collector.trace(TRACE).find(({ kind }) => kind === KIND.consumer);
    expect(attempt?.parentSpanId).toBe(commit?.spanId);
    expect(attempt?.links).toEqual([expect.objectContaining({ traceId: TRACE, spanId: commit?.spanId })]);
  });
});
