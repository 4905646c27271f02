import type { Params } from 'nestjs-pino';
import { stdTimeFunctions, type LoggerOptions } from 'pino';

import type { AppConfig } from '../config/app-config.js';
import { currentLogFields } from './log-context.js';

/** Control characters that JSON need not escape. U+009B begins an escape sequence on some terminals. */
const UNESCAPED = /[\x7f-\x9f\u2028\u2029]/g;

/**
 * Structured logs on standard output: JSON, or readable lines on a terminal outside production. In JSON, line
 * ends and control characters are escaped, so nothing that a sender chose can forge a line. On a terminal,
 * nothing can move its cursor, but a line end in a message is shown as one.
 */
export function loggerParams({ logLevel, production }: AppConfig): Params {
  const readable = !production && process.stdout.isTTY;
  // What makes lines readable would undo an escape; it shows the text of one as it is.
  const escape = readable ? '\\\\u' : '\\u';
  const options = {
    level: logLevel,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    base: null,
    mixin: () => ({ ...currentLogFields() }),
    hooks: {
      logMethod: quietNest,
      streamWrite: (line: string) =>
        line.replace(UNESCAPED, (char) => escape + char.charCodeAt(0).toString(16).padStart(4, '0')),
    },
  };
  return {
    // By name, so that production need not load what makes lines readable.
    pinoHttp: readable ? { ...options, transport: READABLE } : options,
    // No middleware: the trace id comes from the log context, and a request is logged where it is decided.
    forRoutes: [],
  };
}

const READABLE = { target: 'pino-pretty', options: { singleLine: true, translateTime: 'SYS:HH:MM:ss.l' } };

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
  // That it cannot listen, which start.ts says better.
  if (context === 'NestApplication') return;
  method.apply(this, args);
};
