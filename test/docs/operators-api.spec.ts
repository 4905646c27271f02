import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { statesOf } from '../support/rows.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { blockOf, blocksOf } from './markdown.js';

const PAGE = 'docs/operators-api.md';
const INTERACTION = '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176';
const exec = promisify(execFile);

/** What the page uses of curl, for machines that have none: prints the answer, and fails with one that is not 2xx. */
const CURL = `
import { parseArgs } from 'node:util';
const { values, positionals: [url] } = parseArgs({ allowPositionals: true, options: {
  fail: { type: 'boolean', short: 'f' }, silent: { type: 'boolean', short: 's' }, 'show-error': { type: 'boolean', short: 'S' },
  header: { type: 'string', short: 'H', multiple: true }, request: { type: 'string', short: 'X' }, data: { type: 'string', short: 'd' },
} });
const headers = values.header.map((line) => line.split(/: (.*)/s).slice(0, 2));
const method = values.request ?? (values.data === undefined ? 'GET' : 'POST');
const answer = await fetch(url, { method, headers, body: values.data });
console.log(await answer.text());
if (!answer.ok) process.exit(22);
`;

let service: TestService;
let folder: string;
const recorder = new Recorder('crm-close-case');
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-docs-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/operator-token'), `${TOKENS.OPERATOR_TOKEN}\n`);
  writeFileSync(join(folder, 'curl.mjs'), CURL);
  writeFileSync(join(folder, 'curl'), `#!/bin/sh\nexec "${process.execPath}" "${folder}/curl.mjs" "$@"\n`, {
    mode: 0o755,
  });
  recorder.handle = () => {
    const error = new Error('the CRM is down');
    error.stack = 'Error: the CRM is down\n    at somewhere';
    throw error;
  };
  service = await TestService.start(TOKENS, { listeners: [recorder.module({ attempts: 1 })] });
  await service.post(payload('FINISHED', INTERACTION));
  await service.post({ data: 7 });
  await until(async () => (await statesOf(service, 'crm-close-case'))[0] === 'dead');
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a block as it stands, but for the port, behind what the first block sets; fails when a command of it does. */
async function run(code: string): Promise<unknown[]> {
  const [set = ''] = blocksOf(PAGE).map((block) => block.code);
  const script = `set -e\n${set.split('\n').slice(0, 2).join('\n')}\n${code}`;
  const ported = script.replaceAll('127.0.0.1:3000', `127.0.0.1:${service.port}`);
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const { stdout } = await exec('bash', ['-c', ported], { cwd: folder, env });
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

describe("the guide to the operators' API", () => {
  const scripts = blocksOf(PAGE)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code);
  const [session = '', timeline = '', search = '', groups = '', retry = '', count = '', ...rest] = scripts;
  const [pause = '', reprocess = '', exported = '', audit = '', ...others] = rest;

  it('has no command but those that are tried here', () => {
    expect(others).toEqual([]);
    expect(audit).toContain('/audit');
  });

  it('gets in', async () => {
    expect(await run(session)).toEqual([{ role: 'operator', expiresAt: null }]);
  });

  it('shows what happened to an interaction, by its id and by a part of it', async () => {
    expect(await run(timeline)).toMatchObject([
      { items: [{ interactionId: INTERACTION, channel: 'default' }] },
    ]);
    expect(await run(search)).toMatchObject([{ items: [{ interactionId: INTERACTION }], next: null }]);
  });

  it('groups what is dead, and retries it', async () => {
    expect(await run(groups)).toMatchObject([
      { items: [{ listener: 'crm-close-case', error: 'Error: the CRM is down', count: 1 }] },
    ]);
    expect(await run(retry)).toEqual([{ count: 1, next: null }]);
    await until(() => recorder.seen.length === 2);
  });

  it('counts what a replay would deliver', async () => {
    expect(await run(count)).toEqual([{ count: 1 }]);
  });

  it('pauses a listener, and resumes it', async () => {
    expect(await run(pause)).toMatchObject([{ paused: true }, { paused: false }]);
  });

  it('puts quarantine back, as far as it is valid', async () => {
    expect(await run(reprocess)).toMatchObject([{ count: 0, failed: [{ id: 1 }], next: null }]);
  });

  it('exports the log', async () => {
    expect(await run(exported)).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, 'events.ndjson'), 'utf8'))).toMatchObject({
      interactionId: INTERACTION,
    });
    expect(readFileSync(join(folder, 'events.csv'), 'utf8')).toContain(INTERACTION);
    expect(readdirSync(folder)).toContain('events.csv');
  });

  it('shows who did what', async () => {
    const [entries] = (await run(audit)) as { items: { requestedBy: string; action: string }[] }[];
    expect(entries?.items.map(({ requestedBy, action }) => [requestedBy, action])).toEqual([
      ['alice', 'quarantine.reprocess'],
      ['alice', 'listeners.resume'],
      ['alice', 'listeners.pause'],
      ['alice', 'deliveries.retry'],
    ]);
  });

  it('shows an error as it is answered', async () => {
    const answer = await api(service, 'GET', '/events?limit=501&chanel=x');
    const shown = JSON.parse(blockOf(PAGE, 'error.json')) as { errors: string[] };
    expect(answer.status).toBe(400);
    const { errors, ...same } = answer.json as typeof shown;
    expect({ ...same, errors: errors.toSorted() }).toEqual({ ...shown, errors: shown.errors.toSorted() });
  });
});
