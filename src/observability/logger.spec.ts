import { Writable } from 'node:stream';

import { afterEach, describe, expect, it } from '@jest/globals';
import { pino, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';

import { AppConfig } from '../config/app-config.js';
import { loggerParams } from './logger.js';

// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/;
/** Every control character but the line feed, with what would follow it in an escape sequence. */
const HOSTILE = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code))
  .filter((char) => char !== '\n' && CONTROL.test(char))
  .concat('\u2028', '\u2029', '\\u009b')
  .join('2J');

const { isTTY } = process.stdout;
afterEach(() => {
  process.stdout.isTTY = isTTY;
});

/** The bytes that a line with `id` in a field and in the message is written as. */
function written(env: 'production' | 'development', id: string): string {
  process.stdout.isTTY = true;
  const config = AppConfig.load({ WEBHOOK_SECRET: 'a-secret-of-tests-that-is-long-enough', NODE_ENV: env });
  const { transport, ...options } = loggerParams(config).pinoHttp as LoggerOptions & {
    transport?: { options: pretty.PrettyOptions };
  };
  let text = '';
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  });
  const stream = transport && pretty({ ...transport.options, colorize: false, sync: true, destination });
  pino(options, stream ?? destination).info({ id, nested: { id } }, `Interaction ${id}`);
  return text;
}

describe('a log line', () => {
  it('in JSON holds no control character, and gives back what was logged', () => {
    const line = written('production', HOSTILE);
    expect(line).not.toMatch(CONTROL);
    expect(JSON.parse(line)).toMatchObject({
      id: HOSTILE,
      nested: { id: HOSTILE },
      msg: `Interaction ${HOSTILE}`,
    });
  });

  it('on a terminal holds no control character but the tab', () => {
    const line = written('development', HOSTILE);
    expect(line).toContain('Interaction ');
    expect(line).toContain('\\u009b');
    expect(line.replaceAll('\t', '')).not.toMatch(CONTROL);
  });
});
