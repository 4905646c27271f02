import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { parseTraceParent } from '@opentelemetry/core';

/** The trace that a request belongs to, and the sender's span in it where one is named. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string | undefined;
}

const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
const ZERO = /^0*$/;

/**
 * The trace that the headers of a request continue. `X-B3-TraceId` comes first: it is what the vendor
 * documents, and it counts without a span id, which the usual propagators drop.
 *
 * @see https://github.com/openzipkin/b3-propagation, https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceParentOf(headers: IncomingHttpHeaders): TraceParent | undefined {
  const traceId = toTraceId(headers['x-b3-traceid']);
  if (traceId !== undefined) {
    const spanId = headers['x-b3-spanid'];
    const named = typeof spanId === 'string' && SPAN_ID.test(spanId) && !ZERO.test(spanId);
    return { traceId, spanId: named ? spanId.toLowerCase() : undefined };
  }
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? (parseTraceParent(traceparent) ?? undefined) : undefined;
}

/** A trace id as OpenTelemetry has them, of 128 bits; `undefined` where the text is none. */
export function toTraceId(text: unknown): string | undefined {
  if (typeof text !== 'string' || !TRACE_ID.test(text) || ZERO.test(text)) return undefined;
  return text.toLowerCase().padStart(32, '0');
}

/**
 * The id of the span that stands for the commit of an event. It follows from what is stored, so that an
 * attempt can be linked to it by another process, or after a restart.
 */
export function commitSpanId(traceId: string, seq: number): string {
  return createHash('sha256').update(`${traceId} ${seq}`).digest('hex').slice(0, 16);
}
