import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

import type { AppConfig } from '../config/app-config.js';

/** The OpenAPI document of the webhook: its paths are relative to the vendor's base path. */
export function createDocument(app: NestFastifyApplication, config: AppConfig): OpenAPIObject {
  const info = new DocumentBuilder()
    .setTitle('Interactions Webhook')
    .setDescription(
      'Receiver for the interaction state change events of Genesys Multicloud CX (Digital Channels).',
    )
    .setVersion('3')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(config.basePath, 'This service')
    .addTag('Interactions Webhook', 'The operation that the vendor calls.')
    .build();
  const document = SwaggerModule.createDocument(app, info);
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path.slice(config.basePath.length),
    item,
  ]);
  return { ...document, paths: Object.fromEntries(paths) as OpenAPIObject['paths'] };
}

/** Serves `/docs`, `/docs-json` and `/docs-yaml`. The document is made when it is first asked for. */
export function serveDocs(app: NestFastifyApplication, config: AppConfig): void {
  SwaggerModule.setup('docs', app, () => createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Interactions Webhook',
    swaggerOptions: { defaultModelsExpandDepth: 2, displayRequestDuration: true },
  });
}
