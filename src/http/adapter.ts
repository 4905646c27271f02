import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';

import { FastifyAdapter } from '@nestjs/platform-fastify';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { AppConfig } from '../config/app-config.js';
import type { Metrics } from '../observability/metrics.js';
import { reasonOf, REFUSALS, refusalBody, refuse, type Refusal } from './answers.js';
import { logRefusal } from './refusal-log.js';

const KIB = 1024;
/** Request line and headers together, in bytes. */
const HEADER_LIMIT = 16 * KIB;
/** Milliseconds until the headers must be there. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Milliseconds until the whole request must be there; the vendor itself waits about as long for an answer. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often the two limits are looked after. Node's default, 30 s, would make them meaningless. */
const TIMEOUT_CHECK_MS = 1_000;

/** Deadlines of a request in milliseconds, for tests that would not wait for the real ones. */
export interface Deadlines {
  readonly headers: number;
  readonly request: number;
  readonly check: number;
}

const DEADLINES: Deadlines = {
  headers: HEADERS_TIMEOUT_MS,
  request: REQUEST_TIMEOUT_MS,
  check: TIMEOUT_CHECK_MS,
};

/** What Node's own server enforces, on each port that the service listens on. */
export function serverOptions(deadlines: Deadlines = DEADLINES): ServerOptions {
  return {
    maxHeaderSize: HEADER_LIMIT,
    headersTimeout: deadlines.headers,
    requestTimeout: deadlines.request,
    connectionsCheckingInterval: deadlines.check,
    // Node would answer a missing Host itself, without a body: screen.ts does it.
    requireHostHeader: false,
  };
}

/** Fastify with limits on whatever a sender can make large, slow or malformed. */
export function createAdapter(
  config: AppConfig,
  metrics: Metrics,
  deadlines: Deadlines = DEADLINES,
): FastifyAdapter {
  return new FastifyAdapter({
    logger: false,
    bodyLimit: config.bodyLimit,
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    requestTimeout: deadlines.request,
    http: serverOptions(deadlines),
    // No request line is longer: a channel with a long name is unknown as any other, not a path of its own.
    routerOptions: { maxParamLength: HEADER_LIMIT },
    // The answers while closing are ours (screen.ts), and idle keep-alive connections must not delay the end.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Nest's middleware is not used, and its engine would cost every request a pass.
    skipMiddie: true,
    multipart: false,
    clientErrorHandler: (error, socket) => {
      const refusal = answerClientError(error, socket);
      if (refusal !== undefined) metrics.refused(reasonOf(refusal));
    },
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      logRefusal(REFUSALS.notFound, request);
      metrics.refused('not_found');
      refuse(reply, REFUSALS.notFound);
    },
  });
}

const REFUSAL_OF: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: `The headers are larger than ${HEADER_LIMIT / KIB} KiB.` },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'The chunk extensions are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.' },
};
const MALFORMED: Refusal = { status: 400, message: 'The request is not valid HTTP.' };
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

/** Answers what never became a request, in the same shape as all else, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): Refusal | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const refusal = REFUSAL_OF[error.code ?? ''] ?? MALFORMED;
  logRefusal(refusal, { ip: socket.remoteAddress ?? '' });
  const body = JSON.stringify(refusalBody(refusal));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status]}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  return refusal;
}
