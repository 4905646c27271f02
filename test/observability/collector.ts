import { LocalServer } from '../listeners/local-server.js';

/** A span as a collector gets it, with its attributes as an object. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: an error. */
  readonly status: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly service: unknown;
}

/** Kinds of spans, as OTLP numbers them. */
export const KIND = { internal: 1, server: 2, producer: 4, consumer: 5 } as const;

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links: CollectedSpan['links'];
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number };
}

/** A collector that takes OTLP over HTTP as JSON, and remembers every span. */
export class Collector {
  private constructor(readonly server: LocalServer) {}

  static async start(answer?: LocalServer['answer']): Promise<Collector> {
    return new Collector(await LocalServer.start(answer));
  }

  get url(): string {
    return this.server.url;
  }

  get spans(): CollectedSpan[] {
    return this.server.seen.flatMap(({ body }) =>
      (JSON.parse(body) as Batch).resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const service = toObject(resource.attributes)['service.name'];
        return scopeSpans.flatMap(({ spans }) => spans.map((span) => toSpan(span, service)));
      }),
    );
  }

  /** The spans of one trace, in the order in which they began. */
  trace(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId).toSorted(byStart);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

function toSpan(span: RawSpan, service: unknown): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, kind, links, status } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    name,
    kind,
    links,
    attributes: toObject(span.attributes),
    status: status.code,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    service,
  };
}

function toObject(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function byStart(a: CollectedSpan, b: CollectedSpan): number {
  return Number(a.start - b.start);
}
