import { STATUS_CODES } from 'node:http';

import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Metrics } from '../observability/metrics.js';
import { OverloadedError, StoreUnavailableError } from '../store/errors.js';
import { WebhookError, type WebhookErrorCode } from './errors.js';
import { reasonOf, REFUSALS, refuse, type Refusal } from '../http/answers.js';
import { logRefusal, refusalFields } from '../http/refusal-log.js';

const STATUS_OF: Readonly<Record<WebhookErrorCode, number>> = {
  UNAUTHORIZED: 401,
  INVALID_PAYLOAD: 400,
  UNSUPPORTED_MEDIA_TYPE: 415,
};

/** Messages for what Fastify refuses by itself; its own would differ from ours in wording alone. */
const MESSAGE_OF: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  413: 'The body is larger than BODY_LIMIT allows.',
  415: REFUSALS.unsupportedMediaType.message,
};

/** Turns every failure into its answer: no stack, no secret, no echo of the body. */
@Catch()
export class WebhookExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Webhook');

  constructor(private readonly metrics: Metrics) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    // Cut off by its sender, or for being slow: told where that was noticed, and nobody reads an answer.
    if (!request.raw.complete && codeOf(error) === 'ECONNRESET') return;
    const refusal = refusalFor(error);
    this.metrics.refused(reasonOf(refusal));
    const fields = refusalFields(refusal.status, request);
    if (refusal.status === 500) this.logger.error({ ...fields, err: error }, 'A fault of ours');
    else if (refusal.status === 503) this.logger.error(fields, (error as Error).message);
    else logRefusal(refusal, request);
    refuse(http.getResponse<FastifyReply>(), refusal);
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof WebhookError) {
    return {
      status: STATUS_OF[error.code],
      message: error.message,
      errors: error.errors,
      reason: error.reason,
    };
  }
  if (error instanceof OverloadedError) return { ...REFUSALS.unavailable, reason: 'overload' };
  if (error instanceof StoreUnavailableError) return { ...REFUSALS.unavailable, reason: 'store' };
  const status = statusOf(error);
  return { status, message: MESSAGE_OF[status] ?? STATUS_CODES[status] ?? 'Error' };
}

/** Nest's exceptions and Fastify's errors know their status; whatever else is thrown is a fault of ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  const code = codeOf(error);
  const fromFastify = typeof statusCode === 'number' && typeof code === 'string' && code.startsWith('FST_');
  return fromFastify ? statusCode : 500;
}

function codeOf(error: unknown): unknown {
  return ((error ?? {}) as { code?: unknown }).code;
}
