import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { AppConfig } from '../../config/app-config.js';
import { API_PATH } from '../../config/operations-config.js';
import type { Refusal } from '../../http/answers.js';
import { refuseUnread } from '../../http/screen.js';
import { OperationError } from '../api/errors.js';
import type { Access } from './access.js';
import { markCaller } from './caller.js';

/** Where a session is opened: the one operation that needs no token, and with it a role, before. */
export const SESSION_PATH = `${API_PATH}/session`;

const OFF: Refusal = {
  status: 401,
  message: "The operators' API is off: no OPERATOR_TOKEN is configured.",
};

/**
 * Lets nobody in to the operators' API and to `/metrics` without a token. By the path of a route and not by a
 * guard of its controller: one that forgot its guard would stand open. Before a byte of the body is read.
 *
 * @param access `undefined` where the operators' API is off.
 */
export function guardOperations(
  fastify: FastifyInstance,
  { webhookPath }: AppConfig,
  access: Access | undefined,
): void {
  const logger = new Logger('Operations');
  const gate = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    void reply.header('cache-control', 'no-store');
    const refusal = refusalOf(request, access);
    if (refusal === undefined) done();
    else refuseUnread(reply, refusal, logger);
  };
  fastify.addHook('onRoute', (route) => {
    if (!isGuarded(route.url)) return;
    route.onRequest = [gate, ...[route.onRequest ?? []].flat()];
  });
  // Whether there is something at a path is nobody's business either.
  fastify.addHook('onRequest', (request, reply, done) => {
    const unknown = request.is404 && !request.url.startsWith(webhookPath);
    if (unknown && isGuarded(request.url.split('?', 1)[0] ?? '')) gate(request, reply, done);
    else done();
  });
}

function isGuarded(path: string): boolean {
  return path === '/metrics' || path === API_PATH || path.startsWith(`${API_PATH}/`);
}

function refusalOf(request: FastifyRequest, access: Access | undefined): Refusal | undefined {
  if (access === undefined) return OFF;
  const { method, routeOptions } = request;
  const isSession = routeOptions.url === SESSION_PATH;
  try {
    if (isSession && method === 'POST') {
      access.requestedBy(request);
      return undefined;
    }
    const caller = access.admit(request);
    if (method !== 'GET' && method !== 'HEAD' && !isSession) access.demandOperator(caller);
    markCaller(request, caller);
    return undefined;
  } catch (error) {
    if (error instanceof OperationError) return error.refusal;
    throw error;
  }
}
