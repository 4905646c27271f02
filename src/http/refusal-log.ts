import { Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { Refusal } from './answers.js';
import { traceIdOf } from './trace-id.js';

/** Characters of a path that are logged: a request line can be 16 KiB long. */
const PATH_LIMIT = 200;

const webhook = new Logger('Webhook');

/** What is known of a request that is not answered 200; of what never became one, the address alone. */
type Refused = Pick<FastifyRequest, 'ip'> & Partial<Pick<FastifyRequest, 'method' | 'url' | 'headers'>>;

/** The fields of a line about such a request. No query: somebody may have put a secret there. */
export function refusalFields(status: number, { method, url, ip, headers }: Refused): object {
  const path = url?.split('?', 1)[0]?.slice(0, PATH_LIMIT);
  return { status, method, path, ip, traceId: traceIdOf(headers?.['x-b3-traceid']) };
}

/** Logs that a request was refused, wherever that was decided. */
export function logRefusal({ status, message }: Refusal, request: Refused, logger = webhook): void {
  logger.warn(refusalFields(status, request), `Refused: ${message}`);
}
