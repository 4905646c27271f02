import type { Server } from 'node:http';

import type { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';

import type { AppConfig } from '../config/app-config.js';
import { withLogFields } from '../observability/log-context.js';
import type { Lifecycle } from '../observability/lifecycle.js';
import type { Metrics } from '../observability/metrics.js';
import { traceIdOf } from './trace-id.js';
import { reasonOf, REFUSALS, refuse, type Refusal } from './answers.js';
import { logRefusal } from './refusal-log.js';

/** Headers of a request at the most. Node drops what is above its own limit without a word. */
const HEADER_COUNT_LIMIT = 100;
/** What Node is to keep of them: one more, so that it shows that there are more. */
export const HEADERS_KEPT = HEADER_COUNT_LIMIT + 1;

/**
 * Refuses what must not reach a route, before a byte of the body is read; and makes every line that is
 * logged while a request is handled carry its trace id.
 */
export function screenRequests(
  fastify: FastifyInstance,
  config: AppConfig,
  lifecycle: Lifecycle,
  metrics: Metrics,
): void {
  fastify.server.maxHeadersCount = HEADERS_KEPT;
  ignoreExpectations(fastify.server);
  const isWebhook = config.roles.has('receive') ? webhookMatcher(config.webhookPath) : () => false;
  const screen = (refusalOf: (request: FastifyRequest) => Refusal | undefined): onRequestHookHandler => {
    return (request, reply, done) => {
      const refusal = refusalOf(request);
      if (refusal === undefined) {
        done();
        return;
      }
      metrics.refused(reasonOf(refusal));
      refuseUnread(reply, refusal);
    };
  };
  fastify.addHook(
    'onRequest',
    screen((request) => requestRefusal(request, isWebhook)),
  );
  const screenWebhook = screen((request) => webhookRefusal(request, config, lifecycle));
  fastify.addHook('onRoute', (route) => {
    if (isWebhook(route.url)) route.onRequest = [screenWebhook];
  });
  // Not in onRequest: reading the body leaves that hook's asynchronous context.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const traceId = traceIdOf(request.headers['x-b3-traceid']);
    if (traceId === undefined) done();
    else withLogFields({ traceId }, done);
  });
}

/** Whatever a request expects but `100-continue` is passed over; Node would answer 417 itself, without a body. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

function requestRefusal(request: FastifyRequest, isWebhook: (url: string) => boolean): Refusal | undefined {
  if (request.is404) {
    if (!isWebhook(request.url)) return REFUSALS.notFound;
    return { status: 405, message: 'The webhook takes POST alone.', headers: { allow: 'POST' } };
  }
  const { rawHeaders, httpVersion } = request.raw;
  if (rawHeaders.length > 2 * HEADER_COUNT_LIMIT) {
    return { status: 431, message: `The request has more than ${HEADER_COUNT_LIMIT} headers.` };
  }
  const hosts = countHosts(rawHeaders);
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return { status: 400, message: 'The request has no Host header, or more than one.' };
  }
  return undefined;
}

function webhookRefusal(
  request: FastifyRequest,
  { allowedIps }: AppConfig,
  lifecycle: Lifecycle,
): Refusal | undefined {
  if (lifecycle.stopping) return { ...REFUSALS.unavailable, reason: 'stopping' };
  if (allowedIps !== undefined && !isAllowed(allowedIps, request.ip)) {
    return { ...REFUSALS.unauthorized, reason: 'address' };
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return REFUSALS.unsupportedMediaType;
  return undefined;
}

/** Refuses, and logs it, without reading the body: a connection whose body is unread cannot serve another request. */
export function refuseUnread(reply: FastifyReply, refusal: Refusal, logger?: Logger): void {
  const { headers } = reply.request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (hasBody) void reply.header('connection', 'close');
  logRefusal(refusal, reply.request, logger);
  refuse(reply, refusal);
}

/** Whether a URL is the webhook's path, or the path of a channel below it. */
export function webhookMatcher(path: string): (url: string) => boolean {
  return (url) => {
    if (!url.startsWith(path)) return false;
    const rest = url.slice(path.length).split('?', 1)[0] ?? '';
    return rest === '' || /^\/[^/]+$/.test(rest);
  };
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

function isAllowed(allowed: NonNullable<AppConfig['allowedIps']>, ip: string): boolean {
  const ipv4 = MAPPED_IPV4.exec(ip)?.[1];
  if (ipv4 !== undefined) return allowed.check(ipv4, 'ipv4');
  return allowed.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4');
}
