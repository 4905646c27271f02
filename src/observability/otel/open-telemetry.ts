import type { IncomingHttpHeaders } from 'node:http';

import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import type { AttemptSpan, RequestSpan, TracedEvent, Tracing, WorkSpan } from '../tracing.js';
import { ChosenIds, type Ids } from './chosen-ids.js';
import { Complaints } from './complaints.js';
import { commitSpanId, toTraceId, traceParentOf } from './trace-parent.js';

/** What this service calls itself where nothing else is said by OTEL_SERVICE_NAME. */
const NAME = 'interactions-webhook';
/** Spans that wait for the collector; more are dropped. */
const QUEUE_LIMIT = 8_192;
const BATCH_LIMIT = 1_024;
/** How long spans gather before they are sent. */
const DELAY_MS = 1_000;
/** How long the collector may take for a batch. */
const EXPORT_TIMEOUT_MS = 5_000;
/** How long the end of the service waits for the collector. */
const STOP_LIMIT_MS = 2_000;

/** {@link Tracing} by the SDK of OpenTelemetry, sent by OTLP over HTTP as JSON. */
export class OpenTelemetry implements Tracing {
  private readonly ids = new ChosenIds();
  private readonly complaints = new Complaints();
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  /** @param endpoint base URL of the collector; `/v1/traces` is added. */
  constructor(endpoint: string) {
    const url = new URL('v1/traces', endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
    const exporter = new OTLPTraceExporter({ url: url.href, timeoutMillis: EXPORT_TIMEOUT_MS });
    const processor = new BatchSpanProcessor({
      exporter,
      maxQueueSize: QUEUE_LIMIT,
      maxExportBatchSize: BATCH_LIMIT,
      scheduledDelayMillis: DELAY_MS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    });
    this.provider = new TracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': NAME }))
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      // What is worth keeping is known at the end of a trace: the collector's to decide.
      sampler: new AlwaysOnSampler(),
      idGenerator: this.ids,
      spanProcessors: [processor],
    });
    this.tracer = this.provider.getTracer(NAME);
    this.register();
  }

  request(headers: IncomingHttpHeaders, route: string, startedAgo: number): RequestSpan {
    const parent = traceParentOf(headers);
    const remote = parent?.spanId === undefined ? undefined : remoteSpan(parent.traceId, parent.spanId);
    const span = this.start(
      `POST ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: Date.now() - startedAgo,
        attributes: { 'http.request.method': 'POST', 'http.route': route },
      },
      inSpan(remote),
      { traceId: parent?.traceId },
    );
    return {
      ...workIn(span),
      answered: (status) => {
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  async commit<T extends readonly { readonly seq: number }[]>(
    channel: string,
    traceId: string | undefined,
    append: () => Promise<T>,
  ): Promise<T> {
    // The wall clock, which the end of a span is read from where its start is given.
    const startTime = Date.now();
    const continued = toTraceId(traceId);
    const parent = parentIn(continued);
    const attributes = { 'messaging.system': NAME, 'messaging.destination.name': channel };
    const appended = await append().catch((error: unknown) => {
      const span = this.start('commit', { startTime, attributes }, parent, {});
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).name }).end();
      throw error;
    });
    const fresh = appended.filter(({ seq }) => seq !== 0);
    for (const { seq } of fresh) {
      const ids = continued === undefined ? {} : { traceId: continued, spanId: commitSpanId(continued, seq) };
      const about = { ...attributes, 'messaging.operation.type': 'send', 'messaging.message.id': `${seq}` };
      this.start('commit', { kind: SpanKind.PRODUCER, startTime, attributes: about }, parent, ids).end();
    }
    if (fresh.length === 0) this.start('commit', { startTime, attributes }, parent, {}).end();
    return appended;
  }

  attempt(listener: string, { seq, type, channel, traceId }: TracedEvent, number: number): AttemptSpan {
    const stored = toTraceId(traceId);
    const commit = stored === undefined ? undefined : remoteSpan(stored, commitSpanId(stored, seq));
    const span = this.start(
      `process ${listener}`,
      {
        kind: SpanKind.CONSUMER,
        links: commit === undefined ? [] : [{ context: commit }],
        attributes: {
          'messaging.system': NAME,
          'messaging.operation.type': 'process',
          'messaging.destination.name': channel,
          'messaging.consumer.group.name': listener,
          'messaging.message.id': `${seq}`,
          'interactions_webhook.event.type': type ?? '',
          'interactions_webhook.attempt': number,
        },
      },
      inSpan(commit),
      {},
    );
    return {
      ...workIn(span),
      ended: (result) => {
        span.setAttribute('interactions_webhook.result', result);
        // One that the end of the service cut off has not failed: it is as if it had never begun.
        if (result !== 'done' && result !== 'aborted') {
          span.setAttribute('error.type', result).setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  async stop(): Promise<void> {
    trace.disable();
    context.disable();
    propagation.disable();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_LIMIT_MS)));
    const cut = limit.then(() =>
      this.complaints.complain('the collector did not take the last ones in time'),
    );
    const flushed = this.provider.shutdown().catch((error: unknown) => this.lost(error));
    await Promise.race([flushed, cut]);
    clearTimeout(timer);
  }

  /** Makes spans of listeners' own, by whatever uses the API of OpenTelemetry, go the same way. */
  private register(): void {
    const warn = (message: string): void => this.complaints.complain(message);
    const silent = (): void => undefined;
    const logger = { error: warn, warn, info: silent, debug: silent, verbose: silent };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    setGlobalErrorHandler((error) => this.lost(error));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(this.provider);
  }

  private lost(error: unknown): void {
    const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
    this.complaints.complain([code, message].filter((part) => part !== undefined && part !== '').join(' '));
  }

  /** Starts a span; the trace id chosen counts where the context has no span to be a child of. */
  private start(name: string, options: SpanOptions, parent: Context, ids: Ids): Span {
    return this.ids.choose(ids, () => this.tracer.startSpan(name, options, parent));
  }
}

function workIn(span: Span): WorkSpan {
  const inside = trace.setSpan(ROOT_CONTEXT, span);
  return { traceId: span.spanContext().traceId, run: (work) => context.with(inside, work) };
}

function inSpan(span: SpanContext | undefined): Context {
  return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

/** The running request, unless it belongs to another trace than what is stored. */
function parentIn(traceId: string | undefined): Context {
  const active = context.active();
  const same = traceId === undefined || trace.getSpanContext(active)?.traceId === traceId;
  return same ? active : ROOT_CONTEXT;
}

function remoteSpan(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
