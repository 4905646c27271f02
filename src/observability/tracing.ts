import type { IncomingHttpHeaders } from 'node:http';

/** What a span is told about the event that it is about. No ids of customers: a trace leaves the house. */
export interface TracedEvent {
  readonly seq: number;
  readonly type: string | undefined;
  readonly channel: string;
  /** As it was stored with the receipt. */
  readonly traceId: string | undefined;
}

/** A piece of work that is being traced. */
export interface WorkSpan {
  /** The trace it belongs to, 32 hex digits. */
  readonly traceId: string;
  /** Runs `work` so that spans made in it, however deep or late, are its children. */
  run<T>(work: () => T): T;
}

/** A request that is being answered. */
export interface RequestSpan extends WorkSpan {
  /** The answer was sent. A span that is never ended is not exported. */
  answered(status: number): void;
}

/** An attempt of a listener. */
export interface AttemptSpan extends WorkSpan {
  ended(result: string): void;
}

/**
 * Takes requests, commits and attempts down as spans of one trace. There is none unless
 * `OTEL_EXPORTER_OTLP_ENDPOINT` is set: whoever injects it has to expect `undefined`.
 */
export abstract class Tracing {
  /** A request whose body has arrived. @param startedAgo milliseconds since its headers were there. */
  abstract request(headers: IncomingHttpHeaders, route: string, startedAgo: number): RequestSpan;

  /** Runs an append, and takes the commit of each new event down. @param traceId as it is stored. */
  abstract commit<T extends readonly { readonly seq: number }[]>(
    channel: string,
    traceId: string | undefined,
    append: () => Promise<T>,
  ): Promise<T>;

  /** An attempt that begins. */
  abstract attempt(listener: string, event: TracedEvent, number: number): AttemptSpan;

  /** Sends what is left, for 2 s at the most. */
  abstract stop(): Promise<void>;
}
