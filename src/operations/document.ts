import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

import { SESSION_PATH } from './access/gate.js';
import { ErrorDto } from './api/error.dto.js';
import { OperationsModule } from './operations.module.js';
import { SECURITY } from './api/operator-api.decorator.js';
import { TAGS } from './api/tags.js';

const DESCRIPTION = [
  'What operators see and do. Every request carries a token, or the session cookie that a browser gets for one.',
  'What comes in pages has `limit` and `cursor`, the newest first. Times are ISO 8601 in UTC. What is not known as a parameter or a field is refused.',
  'A request that is not GET or HEAD says who sends it, in `X-Requested-By`; that name is in the audit log.',
].join('\n\n');

const REQUESTED_BY = {
  name: 'X-Requested-By',
  in: 'header',
  required: true,
  description: 'Who sends this: 1 to 64 printable ASCII characters.',
  example: 'cli:alice',
  schema: { type: 'string', maxLength: 64 },
} as const;

const METHODS = ['get', 'post', 'delete'] as const;

/** The OpenAPI document of the operators' API. */
export function createOperationsDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle("Interactions Webhook: operators' API")
    .setDescription(DESCRIPTION)
    .setVersion('v1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'This service')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: '`OPERATOR_TOKEN` or `VIEWER_TOKEN`.' },
      SECURITY.token,
    )
    .addCookieAuth('iw_session', { type: 'apiKey', description: 'See *Sign in*.' }, SECURITY.session);
  const { openapi, info, servers, paths, components } = SwaggerModule.createDocument(app, builder.build(), {
    include: [OperationsModule],
    autoTagControllers: false,
    extraModels: [ErrorDto],
  });
  const { contact: _, ...about } = info;
  return {
    openapi,
    info: about,
    servers,
    tags: tagsOf(paths),
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, completed(path, item)])),
    components,
  };
}

type PathItem = OpenAPIObject['paths'][string];

/** Says of each operation what is the same for all: who may call it, and how it says who does. */
function completed(path: string, item: PathItem): PathItem {
  const result = { ...item };
  for (const method of METHODS) {
    const operation = item[method];
    if (operation === undefined) continue;
    const writes = method !== 'get';
    result[method] = {
      ...operation,
      ...(writes && { parameters: [REQUESTED_BY, ...(operation.parameters ?? [])] }),
      // The one that is called to get in.
      ...(path === SESSION_PATH && method === 'post' && { security: [] }),
    };
  }
  return result;
}

/** The tags that are used, in the order of their list. */
function tagsOf(paths: OpenAPIObject['paths']): { name: string; description: string }[] {
  const used = new Set(
    Object.values(paths).flatMap((item) => METHODS.flatMap((method) => item[method]?.tags ?? [])),
  );
  return Object.entries(TAGS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
}
