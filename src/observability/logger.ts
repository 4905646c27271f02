import type { Params } from 'nestjs-pino';
import { stdTimeFunctions, type LoggerOptions } from 'pino';
import { PinoPretty } from 'pino-pretty';

import type { AppConfig } from '../config/app-config.js';
import { currentLogFields } from './log-context.js';

/**
 * Structured logs on standard output: JSON, or readable lines on a terminal outside production. JSON
 * escapes line ends and control characters, so nothing that a sender chose can forge a line.
 */
export function loggerParams({ logLevel, production }: AppConfig): Params {
  const readable = !production && process.stdout.isTTY;
  const options = {
    level: logLevel,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    base: null,
    mixin: () => ({ ...currentLogFields() }),
    hooks: { logMethod: quietNest },
  };
  return {
    pinoHttp: readable
      ? [options, PinoPretty({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })]
      : options,
    // No middleware: the trace id comes from the log context, and a request is logged where it is decided.
    forRoutes: [],
  };
}

/** What Nest tells at every start: thirty lines that no operator has a question about. */
const CHATTER = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
const INFO = 30;

const quietNest: NonNullable<LoggerOptions['hooks']>['logMethod'] = function (args, method, level) {
  const [fields] = args as [unknown];
  const context =
    typeof fields === 'object' && fields !== null && 'context' in fields ? fields.context : undefined;
  if (level <= INFO && typeof context === 'string' && CHATTER.has(context)) return;
  method.apply(this, args);
};
