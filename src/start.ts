import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { createApp } from './app.js';
import { banner } from './banner.js';
import { AppConfig, ConfigError, type Environment } from './config/app-config.js';
import { databaseName } from './config/database.js';
import { withLocalSecrets } from './config/local-secret.js';
import { loadListeners } from './events/listener-loader.js';
import { ListenerError } from './events/listener-registry.js';
import { OperationsServer } from './http/operations-server.js';
import { describeError } from './events/retry-policy.js';
import { StoreOpenError } from './store/errors.js';

/** Exit codes, as sysexits.h has them. */
const EXIT = { unavailable: 69, software: 70, ioError: 74, config: 78 } as const;
const IDLE_CHECK_MS = 100;
/** Connections that are open by then, for a request that never came whole or never came at all, are cut off. */
const REQUEST_LIMIT_MS = 6_000;
/** Whatever has not ended by then is cut off: supervisors commonly kill after 10 s. */
const STOP_LIMIT_MS = 9_500;

/** Starts the service, or ends the process with one clear message and a code that says what kind of fault it was. */
export async function start(): Promise<void> {
  // What is written, bodies of webhooks above all, is for the service's own user.
  process.umask(0o077);
  try {
    const env = readEnvironment();
    const config = AppConfig.load(env);
    await probeAddresses(config);
    const listeners = await loadListeners(config.listeners, process.cwd());
    const app = await createApp(config, { listeners });
    stopOnSignals(app);
    reportStrayErrors();
    await listen(app, config);
    const url = await app.getUrl();
    const operationsUrl = app.get(OperationsServer).url;
    const logger = new Logger('Service');
    if (operationsUrl !== undefined) logger.log(`Listening for operators on ${operationsUrl}`);
    logger.log(
      { url, roles: [...config.roles], database: databaseName(config.database) },
      `Listening on ${url}`,
    );
    if (!config.production) {
      console.log(banner({ webhook: url, operations: operationsUrl ?? url }, config, env, process.env));
    }
  } catch (error) {
    const { message, code } = explain(error);
    console.error(message);
    process.exit(code);
  }
}

/** The environment, completed outside production by `.env` and by secrets of our own. */
function readEnvironment(): Environment {
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile('.env');
  return withLocalSecrets({ ...process.env });
}

/**
 * Fails as listening would, before anything runs: Nest binds last, when listeners already have deliveries, and
 * a service that was started twice by mistake would take some only to end.
 */
async function probeAddresses({ host, port, operations }: AppConfig): Promise<void> {
  for (const [variable, number] of [
    ['PORT', port],
    ['OPERATIONS_PORT', operations.port ?? 0],
  ] as const) {
    if (number === 0) continue;
    const server = createServer().listen({ host, port: number });
    await once(server, 'listening').catch((error: unknown) => {
      throw Object.assign(error as Error, { variable });
    });
    server.close();
    await once(server, 'close');
  }
}

async function listen(app: NestFastifyApplication, { host, port }: AppConfig): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Stops once: takes no more, finishes what runs, closes, and ends the process within 10 s. */
function stopOnSignals(app: NestFastifyApplication): void {
  let stopping = false;
  const stop = (): void => {
    // Under npm, Ctrl-C comes twice: from the terminal, and from npm, which passes it on.
    if (stopping) return;
    stopping = true;
    const servers = [app.getHttpServer(), app.get(OperationsServer)];
    // Over and over: one whose request has just been answered is kept alive until then.
    setInterval(() => servers.forEach((server) => server.closeIdleConnections()), IDLE_CHECK_MS).unref();
    setTimeout(() => servers.forEach((server) => server.closeAllConnections()), REQUEST_LIMIT_MS).unref();
    setTimeout(() => process.exit(EXIT.software), STOP_LIMIT_MS).unref();
    app.close().then(
      () => process.exit(process.exitCode ?? 0),
      (error: unknown) => {
        console.error('The service did not stop cleanly:', error);
        process.exit(EXIT.software);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/**
 * What a listener leaves behind: for a promise that it forgot, Node would by default end the process, and
 * with it every other listener. An exception in a callback does end it, and the log says whose it was.
 */
function reportStrayErrors(): void {
  const logger = new Logger('Service');
  process.on('unhandledRejection', (reason) => {
    const message =
      'A promise was rejected that nobody awaits, most likely in a listener; the service goes on';
    logger.error({ error: describeError(reason) }, message);
  });
  process.on('uncaughtExceptionMonitor', (error) => {
    const message =
      'An exception was thrown that nothing catches, most likely in a callback; the process ends';
    logger.fatal({ error: describeError(error) }, message);
  });
}

function explain(error: unknown): { message: string; code: number } {
  if (error instanceof ConfigError || error instanceof ListenerError) {
    return { message: error.message, code: EXIT.config };
  }
  if (error instanceof StoreOpenError) return { message: error.message, code: EXIT.ioError };
  const fault = error as NodeJS.ErrnoException & { port?: number; address?: string; variable?: string };
  const { code, syscall, message, port, address, path, variable = 'PORT' } = fault;
  if (code === 'EADDRINUSE') {
    return {
      message: `Port ${port} of ${address} is taken. Stop what listens there, or set ${variable}.`,
      code: EXIT.unavailable,
    };
  }
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    return {
      message: `Cannot listen on ${address ?? 'HOST'} (${message}). Check HOST and ${variable}.`,
      code: EXIT.unavailable,
    };
  }
  if (syscall !== undefined && path !== undefined) {
    return {
      message: `${path} cannot be used (${message}). Check DATA_DIR and its permissions.`,
      code: EXIT.ioError,
    };
  }
  return {
    message: `The service could not start: ${(error as Error).stack ?? String(error)}`,
    code: EXIT.software,
  };
}
