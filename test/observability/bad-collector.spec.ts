import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { LocalServer, status } from '../listeners/local-server.js';
import { payload } from '../support/service.js';
import type { Exit, ServiceProcess } from '../support/service-process.js';
import { StartFolder } from '../support/start-folder.js';

/** A port of the system's that nobody listens on: that of discard. */
const NOBODY = 'http://127.0.0.1:9';
/** What is said when traces get lost. */
const LOST = /^.*Traces get lost.*$/gm;
/** Prints what a process loads of OpenTelemetry. */
const NODE_OPTIONS = `--import=${pathToFileURL('test/observability/print-loaded.mjs').href}`;

/** What the collector answers, in turn; after that it says nothing any more. */
const ANSWERS: LocalServer['answer'][] = [
  status(500),
  (response) => response.end('\x00<html>'),
  status(503, { 'retry-after': '86400' }),
  (response) => response.socket?.destroy(),
];

/** What became of a service. */
interface Run {
  readonly service: ServiceProcess;
  /** Of every webhook. */
  readonly answers: readonly number[];
  readonly exit: Exit;
}

const folders: StartFolder[] = [];
let server: LocalServer;
let ill: Run;
let absent: Run;
let untraced: Run;

async function run(env: Record<string, string>, enough: (service: ServiceProcess) => boolean): Promise<Run> {
  const folder = new StartFolder();
  folders.push(folder);
  const service = await folder.start({ ...env, NODE_OPTIONS });
  const answers: number[] = [];
  do {
    answers.push((await service.post(payload())).status);
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (!enough(service));
  return { service, answers, exit: await service.end('SIGTERM') };
}

beforeAll(async () => {
  let answered = 0;
  server = await LocalServer.start((response, request) => ANSWERS[answered++]?.(response, request));
  [ill, absent, untraced] = await Promise.all([
    run({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url }, () => answered > ANSWERS.length),
    run({ OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY }, ({ stdout }) => stdout.match(LOST) !== null),
    run({}, () => true),
  ]);
}, 60_000);
afterAll(async () => {
  await server.stop();
  for (const folder of folders) await folder.remove();
});

describe.each<[string, () => Run, RegExp]>([
  ['that fails, babbles, hangs up and falls silent', () => ill, /Internal Server Error/],
  ['that is not there', () => absent, /ECONNREFUSED/],
])('a collector %s', (_, of, message) => {
  it('costs no webhook its answer', () => {
    expect(new Set(of().answers)).toEqual(new Set([200]));
  });

  it('is told of in one line of the log', () => {
    expect(of().service.stdout.match(LOST)).toEqual([expect.stringMatching(message)]);
  });

  it('does not keep the service from ending cleanly', () => {
    expect(of().exit).toEqual({ code: 0, signal: null });
  });
});

describe('what is needed for tracing', () => {
  it('is loaded where a collector is configured', () => {
    expect(absent.service.stderr).toContain('loaded @opentelemetry/sdk-trace\n');
  });

  it('is not loaded where none is', () => {
    // The library for metrics asks for the API, behind which there is nothing then.
    expect(untraced.service.stderr.replaceAll('loaded @opentelemetry/api\n', '')).not.toContain('loaded');
  });
});
