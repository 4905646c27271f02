import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { AppConfig, DEFAULT_CHANNEL, type Environment } from '../../config/app-config.js';
import { localSecretFile } from '../../config/local-secret.js';
import { VARIABLES } from '../../config/variables.js';
import type { CliEnvironment } from '../environment.js';
import { UsageError } from '../failure.js';

/** A key to sign with, and where it came from, in words that name no secret. */
export interface Secret {
  readonly key: KeyObject;
  readonly from: string;
}

/** What the command line itself says about the secret. */
export interface SecretOptions {
  readonly secretFile?: string;
  readonly secret?: string;
}

/**
 * The secret of a channel, from the first place that has one: `--secret-file`, `--secret`, the environment,
 * `.env`, the data folder. Of a comma-separated list the first one signs: it is the current one.
 *
 * @throws UsageError that names every place it looked at; ConfigError when a `*_FILE` cannot be read.
 */
export function findSecret(options: SecretOptions, channel: string, environment: CliEnvironment): Secret {
  const variable = variableOf(channel);
  const { secretFile, secret } = options;
  if (secretFile !== undefined) return { key: firstOf(readSecret(secretFile), secretFile), from: secretFile };
  if (secret !== undefined) return { key: firstOf(secret, '--secret'), from: '--secret' };
  const set = configured(environment.process, variable, channel);
  if (set !== undefined) return { key: set, from: `${variable} in the environment` };
  const dotenv = configured(environment.dotenv, variable, channel);
  if (dotenv !== undefined) return { key: dotenv, from: `${variable} in ${environment.dotenvFile}` };
  const file = localSecretFile(environment.merged);
  // The service makes a secret of its own for the plain path only.
  const local = channel === DEFAULT_CHANNEL ? readSecretIfThere(file) : undefined;
  if (local !== undefined) return { key: firstOf(local, file), from: file };
  throw new UsageError(
    [
      `No secret to sign with was found for the channel "${channel}". Looked at:`,
      '  - --secret-file and --secret: not given',
      `  - ${variable} and ${variable}_FILE in the environment: not set`,
      `  - ${environment.dotenvFile}: ${environment.dotenvNote === 'read' ? `has no ${variable}` : environment.dotenvNote}`,
      ...(channel === DEFAULT_CHANNEL ? [`  - ${file}: no such file ("npm start" makes it)`] : []),
      `Give it with --secret-file PATH${channel === DEFAULT_CHANNEL ? ', or run "npm start" first' : ''}.`,
    ].join('\n'),
  );
}

function variableOf(channel: string): string {
  if (channel === DEFAULT_CHANNEL) return 'WEBHOOK_SECRET';
  return `WEBHOOK_SECRET_${channel.toUpperCase().replaceAll('-', '_')}`;
}

/** Read by the service's own rules: two that disagree would sign with what the service does not know. */
function configured(env: Environment, variable: string, channel: string): KeyObject | undefined {
  const file = `${variable}_FILE`;
  const config = AppConfig.load({ [variable]: env[variable], [file]: env[file], ROLES: 'deliver' });
  return config.secrets.get(channel)?.[0];
}

function firstOf(text: string, where: string): KeyObject {
  const [current] = VARIABLES.WEBHOOK_SECRET.parse(text);
  if (current === undefined) throw new UsageError(`${where} has no secret in it: it is empty.`);
  return createSecretKey(current, 'utf8');
}

function readSecret(file: string): string {
  const text = readSecretIfThere(file);
  if (text === undefined) throw new UsageError(`--secret-file ${file}: no such file.`);
  return text;
}

function readSecretIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new UsageError(`The secret in ${file} cannot be read (${code ?? message}).`);
  }
}
