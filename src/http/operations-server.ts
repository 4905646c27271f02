import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { AppConfig } from '../config/app-config.js';
import { answerClientError, serverOptions, type Deadlines } from './adapter.js';
import { REFUSALS } from './answers.js';
import { HEADERS_KEPT, ignoreExpectations, refuseUnread, webhookMatcher } from './screen.js';

/**
 * The second port, `OPERATIONS_PORT`: the same routes by another door. While it is there, the first one opens
 * to the webhook and to health checks alone.
 */
@Injectable()
export class OperationsServer {
  private server: Server | undefined;
  private readonly requests = new WeakSet<IncomingMessage>();

  constructor(private readonly config: AppConfig) {}

  /** Makes the port open and close together with Fastify's own; nothing where there is none configured. */
  attach(fastify: FastifyInstance, deadlines?: Deadlines): void {
    const { operations, host, webhookPath, roles } = this.config;
    if (operations.port === undefined) return;
    const { port } = operations;
    const server = createServer(serverOptions(deadlines), (request, response) => {
      this.requests.add(request);
      fastify.routing(request, response);
    });
    server.keepAliveTimeout = fastify.server.keepAliveTimeout;
    server.maxHeadersCount = HEADERS_KEPT;
    ignoreExpectations(server);
    server.on('clientError', answerClientError);
    this.server = server;
    const isWebhook = roles.has('receive') ? webhookMatcher(webhookPath) : () => false;
    fastify.addHook('onRequest', (request, reply, done) => {
      if (this.requests.has(request.raw) || isPublic(request, isWebhook)) done();
      else refuseUnread(reply, REFUSALS.notFound);
    });
    // Before the first port is open, and so with an error that the caller of `listen` gets.
    fastify.addHook('onReady', () => listen(server, host, port));
    let closed: Promise<unknown> | undefined;
    fastify.addHook('preClose', (done) => {
      closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeIdleConnections();
      done();
    });
    fastify.addHook('onClose', async () => {
      await closed;
    });
  }

  /** Where it listens; `undefined` where there is no second port. */
  get url(): string | undefined {
    const address = this.server?.address() as AddressInfo | null | undefined;
    if (address === undefined || address === null) return undefined;
    const { family, address: host, port } = address;
    return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
  }

  closeIdleConnections(): void {
    this.server?.closeIdleConnections();
  }

  closeAllConnections(): void {
    this.server?.closeAllConnections();
  }
}

/** Whether the first port may answer. By the route that was found, so that no spelling of a path gets around it. */
function isPublic(
  { is404, url, routeOptions }: FastifyRequest,
  isWebhook: (url: string) => boolean,
): boolean {
  // Another method than POST, which is for screen.ts to say.
  if (is404) return isWebhook(url);
  const route = routeOptions.url ?? '';
  return isWebhook(route) || route.startsWith('/health/');
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    // For whoever tells that the port is taken.
    throw Object.assign(error as Error, { variable: 'OPERATIONS_PORT' });
  }
}
