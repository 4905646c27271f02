import type { Refusal } from '../../http/answers.js';

/** A request of an operator that cannot be done. The message is sent: no secret, nothing of a customer. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** 400. @param faults one sentence for each thing that is wrong. */
export function badRequest(faults: readonly string[]): OperationError {
  return new OperationError({ status: 400, message: 'The request is not valid.', errors: faults });
}

/** 404. @param message says what there is none of. */
export function notFound(message: string): OperationError {
  return new OperationError({ status: 404, message });
}

/** 409. @param message says what is in the way, and what to do. */
export function conflict(message: string): OperationError {
  return new OperationError({ status: 409, message });
}
