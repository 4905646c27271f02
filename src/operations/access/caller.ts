import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { AccessRole } from '../../config/operations-config.js';

/** Who sends a request to the operators' API. */
export interface Caller {
  readonly role: AccessRole;
  /** When the session ends; `undefined`: a token was sent. */
  readonly expiresAt: Date | undefined;
  /** What `X-Requested-By` says: the name in the audit log. Every request that writes has one. */
  readonly requestedBy: string | undefined;
  readonly address: string;
}

const CALLER = Symbol('caller');
type Carrier = FastifyRequest & { [CALLER]?: Caller };

/** Leaves who was let in for {@link CalledBy} to find. */
export function markCaller(request: FastifyRequest, caller: Caller): void {
  (request as Carrier)[CALLER] = caller;
}

/** The {@link Caller} as a parameter of a handler of the operators' API. */
export const CalledBy = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = context.switchToHttp().getRequest<Carrier>()[CALLER];
  if (caller === undefined)
    throw new Error("@CalledBy() is for routes behind the gate of the operators' API.");
  return caller;
});
