import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

import type { AppConfig } from '../config/app-config.js';
import { WebhookModule } from './webhook.module.js';

const API_KEY = 'x-api-key';

type PathItem = OpenAPIObject['paths'][string];

/**
 * The OpenAPI document of the webhook, and of nothing else: a listener's module may have brought controllers of
 * its own. Its paths are relative to the vendor's base path.
 */
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
    { autoTagControllers: false, include: [WebhookModule] },
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

/** The paths below the base path. */
function webhookPaths(paths: OpenAPIObject['paths'], config: AppConfig): OpenAPIObject['paths'] {
  const { basePath, webhookPath } = config;
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path.slice(basePath.length),
      named(item, path !== webhookPath),
    ]),
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
