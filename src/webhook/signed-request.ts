import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What is known of a request once its signature is verified. */
export interface SignedRequest {
  readonly channel: string;
  /** The received bytes. */
  readonly body: Buffer;
  /** Which of the channel's secrets matched, by position. */
  readonly secretIndex: number;
  readonly traceId: string | undefined;
}

const VERIFIED = Symbol('verified request');
type Carrier = FastifyRequest & { [VERIFIED]?: SignedRequest };

/** Leaves a verified request for {@link Signed} to find. */
export function markVerified(request: FastifyRequest, verified: SignedRequest): void {
  (request as Carrier)[VERIFIED] = verified;
}

/** The verified request as a parameter of a handler behind the `SignatureGuard`; pipes apply to it. */
export const Signed = createParamDecorator((_: unknown, context: ExecutionContext): SignedRequest => {
  const verified = context.switchToHttp().getRequest<Carrier>()[VERIFIED];
  if (verified === undefined) throw new Error('@Signed() needs @UseGuards(SignatureGuard).');
  return verified;
});
