import helmet from '@fastify/helmet';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';

import { AppModule } from './app.module.js';
import type { AppConfig } from './config/app-config.js';
import { createAdapter, type Deadlines } from './http/adapter.js';
import { serveDocs, type ApiDocument } from './http/docs.js';
import { observeRequests } from './http/observe.js';
import { OperationsServer } from './http/operations-server.js';
import { screenRequests } from './http/screen.js';
import { Access } from './operations/access/access.js';
import { guardOperations } from './operations/access/gate.js';
import { Lifecycle } from './observability/lifecycle.js';
import { Metrics } from './observability/metrics.js';
import { Tracing } from './observability/tracing.js';
import { createDocument } from './webhook/document.js';
import { keepRawBody } from './webhook/raw-body.js';

/** What {@link createApp} can be given beside its configuration. */
export interface AppOptions {
  /** Nest modules that hold listeners. */
  readonly listeners?: readonly Type[];
  readonly deadlines?: Deadlines;
}

/**
 * The service, ready to listen: what `main`, the tests and the OpenAPI export share.
 *
 * A listener that cannot be used is found by `app.init()`, and so by `app.listen()`, which throw a
 * ListenerError: `app.close()` is still needed then.
 *
 * @throws StoreOpenError when the store cannot be opened; nothing is left open then.
 * @throws whatever the constructor of a provider throws. The store may be open by then, and Nest hands out
 * nothing to close it with: its thread lives until the process ends.
 * @example
 * const app = await createApp(AppConfig.load(process.env), { listeners: [CrmModule] });
 * await app.listen(3000);
 */
export async function createApp(
  config: AppConfig,
  { listeners = [], deadlines }: AppOptions = {},
): Promise<NestFastifyApplication> {
  const metrics = new Metrics(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, listeners, metrics),
    createAdapter(config, metrics, deadlines),
    // What is buffered when it fails is not for the reader of one clear line.
    { bodyParser: false, bufferLogs: true, autoFlushLogs: false, abortOnError: false },
  );
  app.useLogger(app.get(Logger));
  app.flushLogs();
  const fastify = app.getHttpAdapter().getInstance();
  keepRawBody(fastify, config.webhookPath);
  app.get(OperationsServer).attach(fastify, deadlines);
  guardOperations(fastify, config, config.operations.tokens.size > 0 ? app.get(Access) : undefined);
  screenRequests(fastify, config, app.get(Lifecycle), metrics);
  observeRequests(fastify, config, metrics, app.get<Tracing | undefined>(Tracing));
  await protectPages(app, config);
  const documents: [ApiDocument, ...ApiDocument[]] = [
    { name: 'Webhook', path: 'docs-json', create: () => createDocument(app, config) },
  ];
  if (config.operations.tokens.size > 0) {
    const [{ servePage }, { createOperationsDocument }] = await loadOperations();
    await servePage(fastify, config);
    documents.push({
      name: 'Operators',
      path: 'docs-operations-json',
      create: () => createOperationsDocument(app),
    });
  }
  if (config.docs) serveDocs(app, documents);
  return app;
}

/** Loaded only where a token makes it of use. */
function loadOperations() {
  return Promise.all([import('./operations/page.js'), import('./operations/document.js')]);
}

/** Sets helmet's headers on whatever a browser might show; answers to the webhook need none of them. */
async function protectPages(app: NestFastifyApplication, config: AppConfig): Promise<void> {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      if (!route.url.startsWith(config.webhookPath)) route.helmet = {};
    });
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Swagger UI sets styles inline.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        // No upgrade-insecure-requests: /docs is also served over plain HTTP.
      },
    },
    // Whoever terminates TLS decides about HSTS.
    strictTransportSecurity: false,
  });
}
