import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** A document to choose at `/docs`. It is made when it is first asked for. */
export interface ApiDocument {
  readonly name: string;
  /** Where it is served: as it stands, and with `-yaml` for `-json`. */
  readonly path: `${string}-json`;
  readonly create: () => OpenAPIObject;
}

/** Inputs wide enough for a signature, and no bar but for what there is to choose. */
const STYLE = `
  .swagger-ui .topbar { padding: 8px 0; background: #f7f7f7 }
  .swagger-ui .topbar .link { display: none }
  .swagger-ui .topbar .download-url-wrapper { justify-content: flex-start }
  .swagger-ui .topbar .download-url-wrapper .select-label { color: #3b4151 }
  .swagger-ui .parameters-col_description input[type=text] { width: 100%; max-width: 30em }
`;
const NO_BAR = '.swagger-ui .topbar { display: none }';

/** Serves `/docs`, and each document as JSON and YAML. */
export function serveDocs(
  app: NestFastifyApplication,
  documents: readonly [ApiDocument, ...ApiDocument[]],
): void {
  for (const { path, create } of documents) {
    SwaggerModule.setup(path, app, create, {
      ui: false,
      jsonDocumentUrl: path,
      yamlDocumentUrl: path.replace(/-json$/, '-yaml'),
    });
  }
  const several = documents.length > 1;
  SwaggerModule.setup('docs', app, documents[0].create, {
    raw: false,
    explorer: several,
    customSiteTitle: 'Interactions Webhook',
    customCss: several ? STYLE : STYLE + NO_BAR,
    swaggerOptions: {
      defaultModelsExpandDepth: 2,
      displayRequestDuration: true,
      // Nothing at first: the bar loads what is chosen.
      ...(several && { spec: {}, urls: documents.map(({ name, path }) => ({ name, url: `/${path}` })) }),
    },
  });
}
