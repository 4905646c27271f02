import { randomBytes, createSecretKey } from 'node:crypto';

import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { AppConfig, DEFAULT_CHANNEL } from '../config/app-config.js';
import { Metrics } from '../observability/metrics.js';
import { UnauthorizedError, UnsupportedMediaTypeError } from './errors.js';
import { rawBodyOf } from './raw-body.js';
import { matchSignature, sameSecret } from './signature.js';
import { markVerified } from './signed-request.js';
import { traceIdOf } from '../http/trace-id.js';

/** Stands in for the secrets of an unknown channel: how long an answer takes must not tell which ones exist. */
const NOBODYS_SECRETS = [createSecretKey(randomBytes(32))];

/** Lets a request pass whose bytes were signed with a secret of its channel. Nothing was parsed before. */
@Injectable()
export class SignatureGuard implements CanActivate {
  constructor(
    private readonly config: AppConfig,
    private readonly metrics: Metrics,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { channel?: string } }>>();
    const { headers, params } = request;
    const body = rawBodyOf(request);
    if (body === undefined) throw new UnsupportedMediaTypeError();
    const channel = params.channel ?? DEFAULT_CHANNEL;
    const secrets = this.config.secrets.get(channel);
    const secretIndex = matchSignature(secrets ?? NOBODYS_SECRETS, headers['x-hub-signature'], body);
    const { apiKey } = this.config;
    const keyed = apiKey === undefined || sameSecret(apiKey, headers['x-api-key']);
    if (secrets === undefined) throw new UnauthorizedError('unknown_channel');
    if (secretIndex === -1) throw new UnauthorizedError('signature');
    if (!keyed) throw new UnauthorizedError('api_key');
    this.metrics.verified(channel, secretIndex);
    markVerified(request, { channel, body, secretIndex, traceId: traceIdOf(headers['x-b3-traceid']) });
    return true;
  }
}
