import type { FastifyReply } from 'fastify';

import type { RefusalReason } from '../observability/refusal-reason.js';

/** An answer that is not 200: the same shape in every case (contract, "Answers, case by case"). */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly errors?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** For operators alone, where the status does not say all. */
  readonly reason?: RefusalReason;
}

const REASON_OF: Readonly<Record<number, RefusalReason>> = {
  400: 'malformed',
  401: 'signature',
  404: 'not_found',
  405: 'method',
  408: 'timeout',
  413: 'body_too_large',
  415: 'media_type',
  431: 'headers_too_large',
  503: 'store',
};

/** Why a request was refused, in one of few words. */
export function reasonOf({ status, reason }: Refusal): RefusalReason {
  return reason ?? REASON_OF[status] ?? 'fault';
}

/** Seconds after which a sender that got a 503 may try again. */
const RETRY_AFTER = '1';

/** Refusals that are decided in more than one place. */
export const REFUSALS = {
  unauthorized: {
    status: 401,
    message:
      'The request could not be verified. Check the path, the secret of the channel and X-Hub-Signature.',
  },
  notFound: { status: 404, message: 'Nothing is served here. See /docs.' },
  unsupportedMediaType: {
    status: 415,
    message: 'Content-Type must be application/json, without Content-Encoding.',
  },
  unavailable: {
    status: 503,
    message: 'The event could not be stored now. Send it again.',
    headers: { 'retry-after': RETRY_AFTER },
  },
} as const satisfies Record<string, Refusal>;

/** The body of a refusal. */
export function refusalBody({ status, message, errors }: Refusal): object {
  // A 400 always has errors, also where HTTP itself was the fault and there is just the message to tell.
  const told = errors ?? (status === 400 ? [message] : undefined);
  return { status: { code: status, message }, ...(told && { errors: told }) };
}

/** Sends a refusal. */
export function refuse(reply: FastifyReply, refusal: Refusal): void {
  void reply
    .code(refusal.status)
    .headers({ ...refusal.headers })
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(refusalBody(refusal));
}
