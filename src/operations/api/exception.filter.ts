import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { UnknownListenerError } from '../../events/delivery.service.js';
import { REFUSALS, refuse, type Refusal } from '../../http/answers.js';
import { logRefusal, refusalFields } from '../../http/refusal-log.js';
import { OverloadedError, StoreUnavailableError } from '../../store/errors.js';
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
    const request = http.getRequest<FastifyRequest>();
    const refusal = refusalFor(error);
    const { status } = refusal;
    if (refusal === UNAVAILABLE) this.logger.error(refusalFields(status, request), error.message);
    // A wrong token to sign in with; those that came as bearer tokens are logged at the gate.
    else if (status === 401 || status === 429) logRefusal(refusal, request, this.logger);
    refuse(http.getResponse<FastifyReply>(), refusal);
  }
}

function refusalFor(error: Error): Refusal {
  if (error instanceof OperationError) return error.refusal;
  if (error instanceof UnknownListenerError) return { status: 404, message: error.message };
  return UNAVAILABLE;
}
