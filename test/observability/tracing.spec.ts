import { trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { eventsOf, receiptsOf } from '../support/rows.js';
import { PATH, payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Collector, KIND, type CollectedSpan } from './collector.js';

/** Trace ids of the tests, each used by one of them. */
const LONG = '463ac35c9f6413ad48485a3953bb6124';
const SHORT = 'a2fb4a1d1a96d312';
const WITH_SPAN = '5b8aa5a2d2c872e8321cf37308d69df2';
const W3C = '4bf92f3577b34da6a3ce929d0e0e4736';
const BATCH = 'd4cda95b652f4a1592b449d5929fda1b';
const TWICE = 'b7ad6b7169203331b7ad6b7169203331';
const FAILING = '0af7651916cd43dd8448eb211c80319c';
const REFUSED = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const HELD = 'deadbeefdeadbeefdeadbeefdeadbeef';
const ODD = 'not-a-trace-id';
const ZERO = '0'.repeat(32);

let collector: Collector;
/** What a request without a trace id was stored under. */
let made: string | null | undefined;

/** One service takes all requests; then it stops, which sends what it has. */
beforeAll(async () => {
  collector = await Collector.start();
  const recorder = new Recorder();
  recorder.handle = ({ traceId }, { attempt }) => {
    trace.getTracer('crm').startActiveSpan('ask the CRM', (span) => span.end());
    if (traceId === FAILING && attempt === 1) throw new Error('down');
  };
  const service = await TestService.start(
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    { listeners: [recorder.module()] },
  );
  const post = (headers: Record<string, string>, body: object | string = payload()): Promise<unknown> =>
    service.post(body, headers);
  await post({ 'x-b3-traceid': LONG.toUpperCase() });
  await post({ 'x-b3-traceid': SHORT });
  await post({ 'x-b3-traceid': WITH_SPAN, 'x-b3-spanid': 'e457b5a2e4d86bd1' });
  await post({ traceparent: `00-${W3C}-00f067aa0ba902b7-01` });
  const entities = ['one', 'two'].map((id) => ({ event: 'STARTED', entity: { id } }));
  const two = { operationId: 'two', data: { entities } };
  await post({ 'x-b3-traceid': BATCH }, two);
  await post({ 'x-b3-traceid': TWICE }, two);
  await post({ 'x-b3-traceid': FAILING });
  await post({ 'x-b3-traceid': REFUSED, 'x-hub-signature': 'sha1=00' });
  await post({ 'x-b3-traceid': HELD }, '{');
  await post({ 'x-b3-traceid': ODD });
  await post({ 'x-b3-traceid': ZERO });
  await post({});
  made = (await receiptsOf(service)).at(-1)?.trace_id;
  const events = (await eventsOf(service)).length;
  await until(() => recorder.seen.length === events + 1);
  await service.stop();
});
afterAll(() => collector.stop());

const named = (name: string, spans: readonly CollectedSpan[]): CollectedSpan[] =>
  spans.filter((span) => span.name === name);

/** The spans of a trace, by what they are. */
function partsOf(traceId: string): Record<'requests' | 'commits' | 'attempts' | 'own', CollectedSpan[]> {
  const spans = collector.trace(traceId);
  return {
    requests: named(`POST ${PATH}`, spans),
    commits: named('commit', spans),
    attempts: named('process recorder', spans),
    own: named('ask the CRM', spans),
  };
}

describe('the trace of a request', () => {
  it('goes through its answer, its commit and the attempt, under the id of X-B3-TraceId', () => {
    const { requests, commits, attempts } = partsOf(LONG);
    expect([requests, commits, attempts].map(({ length }) => length)).toEqual([1, 1, 1]);
    const [[request], [commit], [attempt]] = [requests, commits, attempts];
    // A lone trace id names no span that this one could be a child of.
    expect(request).toMatchObject({ kind: KIND.server, parentSpanId: undefined, status: 0 });
    expect(request?.attributes).toMatchObject({ 'http.route': PATH, 'http.response.status_code': 200 });
    expect(commit).toMatchObject({ kind: KIND.producer, parentSpanId: request?.spanId });
    expect(attempt).toMatchObject({ kind: KIND.consumer, parentSpanId: commit?.spanId });
    expect(attempt?.links).toEqual([expect.objectContaining({ traceId: LONG, spanId: commit?.spanId })]);
    expect(attempt?.attributes).toMatchObject({
      'messaging.consumer.group.name': 'recorder',
      'interactions_webhook.attempt': 1,
      'interactions_webhook.result': 'done',
    });
  });

  it('has the spans in one another: the commit in the request, none that ends before it began', () => {
    const { requests, commits } = partsOf(LONG);
    expect(Number((commits[0]?.start ?? 0n) - (requests[0]?.start ?? 0n))).toBeGreaterThanOrEqual(0);
    for (const { start, end } of collector.spans) expect(end >= start).toBe(true);
  });

  it('is sent under the name of the service', () => {
    expect(new Set(collector.spans.map(({ service }) => service))).toEqual(new Set(['interactions-webhook']));
    expect(collector.server.seen[0]?.url).toBe('/v1/traces');
  });

  it('continues an id of 64 bits, padded', () => {
    const { requests, commits, attempts } = partsOf(SHORT.padStart(32, '0'));
    expect([requests, commits, attempts].map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  it("is below the sender's span where X-B3-SpanId names one", () => {
    expect(partsOf(WITH_SPAN).requests).toEqual([
      expect.objectContaining({ parentSpanId: 'e457b5a2e4d86bd1' }),
    ]);
  });

  it('continues that of traceparent where there is no X-B3-TraceId', () => {
    const { requests, attempts } = partsOf(W3C);
    expect(requests).toEqual([expect.objectContaining({ parentSpanId: '00f067aa0ba902b7' })]);
    expect(attempts).toHaveLength(1);
  });

  it('is made where the sender has none, stored, and found again by the attempt', () => {
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    const { requests, commits, attempts } = partsOf(made ?? '');
    expect([requests, commits, attempts].map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  it.each([ODD, ZERO])('is another where X-B3-TraceId is %s, which is no trace id', (id) => {
    const spans = collector.spans;
    expect(spans.filter(({ traceId }) => traceId === id)).toEqual([]);
    for (const { traceId } of spans) expect(traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });

  it('has a commit and an attempt for each event of a payload, each linked to its own', () => {
    const { requests, commits, attempts } = partsOf(BATCH);
    expect([requests.length, commits.length, attempts.length]).toEqual([1, 2, 2]);
    expect(new Set(commits.map(({ spanId }) => spanId)).size).toBe(2);
    expect(attempts.map(({ links }) => links[0]?.spanId).toSorted()).toEqual(
      commits.map(({ spanId }) => spanId).toSorted(),
    );
  });

  it('has a commit and no attempt where all events were known already', () => {
    const { requests, commits, attempts } = partsOf(TWICE);
    expect([requests.length, commits.length, attempts.length]).toEqual([1, 1, 0]);
    expect(commits[0]).toMatchObject({ kind: KIND.internal, parentSpanId: requests[0]?.spanId });
  });

  it('shows every attempt, and which one failed', () => {
    const { attempts } = partsOf(FAILING);
    expect(
      attempts.map(({ status, attributes }) => [status, attributes['interactions_webhook.result']]),
    ).toEqual([
      [2, 'failed'],
      [0, 'done'],
    ]);
  });

  it("has the spans that a listener makes below the attempt's", () => {
    const { attempts, own } = partsOf(LONG);
    expect(own).toEqual([expect.objectContaining({ parentSpanId: attempts[0]?.spanId })]);
  });

  it('shows what went into quarantine', () => {
    const { requests, commits } = partsOf(HELD);
    expect(requests[0]?.attributes['http.response.status_code']).toBe(400);
    expect(commits).toEqual([]);
  });

  it('is not written to by whoever cannot sign', () => {
    expect(collector.trace(REFUSED)).toEqual([]);
  });
});
