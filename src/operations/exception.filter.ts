import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { UnknownListenerError } from '../events/delivery.service.js';
import { REFUSALS, refuse, type Refusal } from '../http/answers.js';
import { refusalFields } from '../http/refusal-log.js';
import { OverloadedError, StoreUnavailableError } from '../store/errors.js';
import { OperationError } from './errors.js';

const UNAVAILABLE: Refusal = {
  ...REFUSALS.unavailable,
  message: 'The store does not answer now. Try again; see /health/ready.',
};

/** Answers what operators ask for in vain. Whatever else is thrown is the global filter's. */
@Catch(OperationError, UnknownListenerError, OverloadedError, StoreUnavailableError)
export class OperationsExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Operations');

  catch(error: Error, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const refusal = refusalFor(error);
    if (refusal === UNAVAILABLE) {
      const fields = refusalFields(refusal.status, http.getRequest<FastifyRequest>());
      this.logger.error(fields, error.message);
    }
    refuse(http.getResponse<FastifyReply>(), refusal);
  }
}

function refusalFor(error: Error): Refusal {
  if (error instanceof OperationError) return error.refusal;
  if (error instanceof UnknownListenerError) return { status: 404, message: error.message };
  return UNAVAILABLE;
}
