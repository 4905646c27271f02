import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { AppConfig } from '../config/app-config.js';
import { withLogFields } from '../observability/log-context.js';
import type { Metrics } from '../observability/metrics.js';
import type { RequestSpan, Tracing } from '../observability/tracing.js';
import { traceIdOf } from './trace-id.js';

/** Statuses of requests that nobody has vouched for: no stranger writes into the traces of this service. */
const UNVERIFIED: ReadonlySet<number> = new Set([401, 415]);
const TRACE_HEADER = 'x-b3-traceid';

const SPAN = Symbol('span');
type Traced = FastifyRequest & { [SPAN]?: RequestSpan };

/** Counts, times and, where that is on, traces the requests of the webhook. */
export function observeRequests(
  fastify: FastifyInstance,
  { webhookPath, roles }: AppConfig,
  metrics: Metrics,
  tracing: Tracing | undefined,
): void {
  if (!roles.has('receive')) return;
  fastify.addHook('onRoute', (route) => {
    if (route.url !== webhookPath && route.url !== `${webhookPath}/:channel`) return;
    const { url } = route;
    const before = [route.onRequest ?? []].flat();
    route.onRequest = [
      (_request, _reply, done) => {
        metrics.received();
        done();
      },
      ...before,
    ];
    route.onResponse = [
      (request: Traced, reply, done) => {
        const { statusCode } = reply;
        metrics.answered(statusCode, reply.elapsedTime);
        if (!UNVERIFIED.has(statusCode)) request[SPAN]?.answered(statusCode);
        done();
      },
    ];
    if (tracing === undefined) return;
    // Not in onRequest: reading the body leaves that hook's asynchronous context.
    route.preHandler = [
      (request: Traced, reply, done) => {
        const span = tracing.request(request.headers, url, reply.elapsedTime);
        request[SPAN] = span;
        // As if the sender had sent it: logged, stored, and found again by the attempts.
        request.headers[TRACE_HEADER] ||= span.traceId;
        const traceId = traceIdOf(request.headers[TRACE_HEADER]);
        span.run(() => withLogFields({ traceId }, done));
      },
    ];
  });
}
