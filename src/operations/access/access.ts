import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { AppConfig } from '../../config/app-config.js';
import type { AccessRole, OperationsConfig } from '../../config/operations-config.js';
import { Clock } from '../../events/clock.js';
import type { Refusal } from '../../http/answers.js';
import { OperationError } from '../api/errors.js';
import type { Caller } from './caller.js';
import { FailureLimiter } from './failure-limiter.js';
import { Sessions } from './session.js';
import { roleOf } from './tokens.js';

/** Characters of `X-Requested-By` that a log, a page and a terminal can show as they are. */
const REQUESTED_BY = /^[\x20-\x7e]{1,64}$/;
const BEARER = /^Bearer +(\S+)$/i;

const UNAUTHORIZED: Refusal = {
  status: 401,
  message: 'Send the operator or viewer token: "Authorization: Bearer <token>", or sign in.',
  headers: { 'www-authenticate': 'Bearer realm="operators"' },
};
const WRONG_TOKEN: Refusal = { ...UNAUTHORIZED, message: 'The token is not valid.' };
const NO_NAME: Refusal = {
  status: 403,
  message: 'A request that writes needs "X-Requested-By: <who>": 1 to 64 printable ASCII characters.',
};
const VIEWER: Refusal = {
  status: 403,
  message: 'A viewer may read and nothing else; this needs the operator token.',
};

/** Decides who may do what in the operators' API, from the head of a request alone. */
@Injectable()
export class Access {
  private readonly tokens: OperationsConfig['tokens'];
  private readonly sessions: Sessions;
  private readonly limiter = new FailureLimiter();

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
  ) {
    this.tokens = config.operations.tokens;
    this.sessions = new Sessions(this.tokens);
  }

  /**
   * Who sends a request.
   *
   * @throws OperationError when it may not be answered: 401, 403 or 429.
   */
  admit(request: FastifyRequest): Caller {
    const { authorization, cookie } = request.headers;
    const session = authorization === undefined ? this.sessions.find(cookie, this.clock.now()) : undefined;
    const role = session?.role ?? this.roleByBearer(authorization, request.ip);
    const requestedBy = this.requestedBy(request);
    const expiresAt = session && new Date(session.expiresAt);
    return { role, expiresAt, requestedBy, address: request.ip };
  }

  /** @throws OperationError unless the caller may write. */
  demandOperator({ role }: Caller): void {
    if (role !== 'operator') throw new OperationError(VIEWER);
  }

  /**
   * What a request says of its sender. Demanded of whatever is not a mere question: a page of another origin
   * cannot send this header.
   *
   * @throws OperationError where it is needed and not there, or not printable.
   */
  requestedBy({ method, headers }: FastifyRequest): string | undefined {
    const given = headers['x-requested-by'];
    if (typeof given === 'string' && REQUESTED_BY.test(given.trim())) return given.trim();
    if (method === 'GET' || method === 'HEAD') return undefined;
    throw new OperationError(NO_NAME);
  }

  /**
   * Opens a session for a token.
   *
   * @returns the `Set-Cookie` of its answer.
   * @throws OperationError when the token is wrong (401) or too many were (429).
   */
  signIn(request: FastifyRequest, token: string): string {
    return this.sessions.open(this.roleByToken(token, request.ip), this.clock.now(), isSecure(request));
  }

  /** The `Set-Cookie` that ends a session in the browser. */
  signOut(request: FastifyRequest): string {
    return this.sessions.close(isSecure(request));
  }

  private roleByBearer(authorization: string | undefined, address: string): AccessRole {
    const token = BEARER.exec(authorization ?? '')?.[1];
    // Nothing that could be guessed right was sent: no failure to count.
    if (token === undefined) throw new OperationError(UNAUTHORIZED);
    return this.roleByToken(token, address);
  }

  private roleByToken(token: string, address: string): AccessRole {
    const now = this.clock.now();
    const wait = this.limiter.waitSeconds(address, now);
    // Before the token is looked at: else whoever guesses would go on, and know the right one by its answer.
    if (wait > 0) throw new OperationError(tooMany(wait));
    const role = roleOf(this.tokens, token);
    if (role !== undefined) return role;
    this.limiter.fail(address, now);
    throw new OperationError(WRONG_TOKEN);
  }
}

function tooMany(seconds: number): Refusal {
  return {
    status: 429,
    message: `Too many wrong tokens came from this address. Try again in ${seconds} s.`,
    headers: { 'retry-after': String(seconds) },
  };
}

/** Whether the browser came by TLS, as the connection says or a proxy that `TRUST_PROXY` names. */
function isSecure({ protocol }: FastifyRequest): boolean {
  return protocol === 'https';
}
