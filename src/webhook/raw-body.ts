import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes Fastify hand on the bytes of JSON requests below `path` unparsed: its own parser would run before
 * any guard. Other paths get parsed JSON as before.
 *
 * @example
 * // in an application of your own, made with `bodyParser: false`, before it listens:
 * keepRawBody(app.getHttpAdapter().getInstance(), '/nexus/v3/some/interactions/webhook/path');
 */
export function keepRawBody(fastify: FastifyInstance, path: string): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // The route's URL where the request's own is escaped, or absolute; looking it up is not free.
    if (isBelow(path, request.url) || isBelow(path, request.routeOptions.url ?? '')) done(null, body);
    else void parseJson(request, body.toString(), done);
  });
}

/** The received bytes: kept by {@link keepRawBody}, or by Nest's own option `rawBody`. */
export function rawBodyOf(request: FastifyRequest & { rawBody?: unknown }): Buffer | undefined {
  if (Buffer.isBuffer(request.body)) return request.body;
  return Buffer.isBuffer(request.rawBody) ? request.rawBody : undefined;
}

function isBelow(path: string, url: string): boolean {
  return url.startsWith(path) && [undefined, '/', '?'].includes(url[path.length]);
}
