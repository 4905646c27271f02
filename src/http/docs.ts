import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

import type { AppConfig } from '../config/app-config.js';

const API_KEY = 'x-api-key';

type PathItem = OpenAPIObject['paths'][string];

/** The OpenAPI document of the webhook: its paths are relative to the vendor's base path. */
export function createDocument(app: NestFastifyApplication, config: AppConfig): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Interactions Webhook')
    .setDescription(
      'Receiver for the interaction state change events of Genesys Multicloud CX (Digital Channels).',
    )
    .setVersion('v3')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(config.basePath, 'This service')
    .addTag('Interactions Webhook', 'The operation that the vendor calls.');
  if (config.apiKey !== undefined) {
    builder
      .addApiKey(
        { type: 'apiKey', in: 'header', name: API_KEY, description: 'The `WEBHOOK_API_KEY`.' },
        API_KEY,
      )
      .addSecurityRequirements(API_KEY);
  }
  const { openapi, info, servers, tags, security, paths, components } = SwaggerModule.createDocument(
    app,
    builder.build(),
    { autoTagControllers: false },
  );
  const { contact: _, ...about } = info;
  return {
    openapi,
    info: about,
    servers,
    tags,
    // None, if nothing is said: the signature is a header of the operation, as on the vendor's page.
    security: security ?? [],
    paths: webhookPaths(paths, config),
    components,
  };
}

/** The webhook's paths alone, below the base path: a listener's module may have brought others. */
function webhookPaths(paths: OpenAPIObject['paths'], config: AppConfig): OpenAPIObject['paths'] {
  const { basePath, webhookPath } = config;
  const entries = Object.entries(paths).filter(([path]) => path.startsWith(webhookPath));
  return Object.fromEntries(
    entries.map(([path, item]) => [path.slice(basePath.length), named(item, path !== webhookPath)]),
  );
}

/** Nest names both paths of one handler alike, and knows of no parameter that only a guard reads. */
function named({ post, ...item }: PathItem, channel: boolean): PathItem {
  if (post === undefined) return item;
  if (!channel) return { ...item, post: { ...post, operationId: 'receiveEvents' } };
  return {
    ...item,
    post: {
      ...post,
      operationId: 'receiveChannelEvents',
      summary: `${post.summary} of a channel`,
      parameters: [
        {
          name: 'channel',
          in: 'path',
          required: true,
          description: 'Name of the channel, such as `emea-chat`: its secrets verify the request.',
          schema: { type: 'string', pattern: '^[a-z0-9-]+$' },
        },
        ...(post.parameters ?? []),
      ],
    },
  };
}

/** No bar that has nothing to offer, and inputs wide enough for a signature. */
const STYLE = `
  .swagger-ui .topbar { display: none }
  .swagger-ui .parameters-col_description input[type=text] { width: 100%; max-width: 30em }
`;

/** Serves `/docs`, `/docs-json` and `/docs-yaml`. The document is made when it is first asked for. */
export function serveDocs(app: NestFastifyApplication, config: AppConfig): void {
  SwaggerModule.setup('docs', app, () => createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Interactions Webhook',
    customCss: STYLE,
    swaggerOptions: { defaultModelsExpandDepth: 2, displayRequestDuration: true },
  });
}
