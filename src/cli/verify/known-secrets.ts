import { existsSync, readFileSync } from 'node:fs';

import { AppConfig, DEFAULT_CHANNEL, type Environment } from '../../config/app-config.js';
import { localSecretFile } from '../../config/local-secret.js';
import { VARIABLES } from '../../config/variables.js';
import type { CliEnvironment } from '../environment.js';
import { UsageError } from '../failure.js';
import type { SecretOptions } from '../send/secret.js';
import type { KnownSecret } from './secret-variants.js';

/**
 * Every secret that this machine knows: that of the command line for the channel, and those of all channels by
 * the service's own rules.
 *
 * @throws UsageError when there is none at all; ConfigError when a `*_FILE` cannot be read.
 */
export function knownSecrets(
  options: SecretOptions,
  channel: string,
  environment: CliEnvironment,
): KnownSecret[] {
  const given = givenSecrets(options, channel);
  const configured = configuredSecrets(environment.merged);
  // What is given is instead of what is configured for this channel.
  const secrets =
    given.length > 0 ? [...given, ...configured.filter((known) => known.channel !== channel)] : configured;
  if (secrets.length > 0) return secrets;
  throw new UsageError(
    'No secret is known here that a signature could be checked with. Give it with --secret-file PATH, or set WEBHOOK_SECRET.',
  );
}

function givenSecrets({ secretFile, secret }: SecretOptions, channel: string): KnownSecret[] {
  if (secretFile !== undefined) return listed(readGiven(secretFile), secretFile, channel);
  return secret === undefined ? [] : listed(secret, '--secret', channel);
}

function configuredSecrets(env: Environment): KnownSecret[] {
  const used = Object.entries(env).filter(([name]) => name.startsWith('WEBHOOK_SECRET'));
  const config = AppConfig.load({ ...Object.fromEntries(used), ROLES: 'deliver' });
  const secrets = [...config.secrets].flatMap(([channel, keys]) =>
    keys.map((key, i) => ({
      channel,
      from: place(variableOf(channel), i, keys.length),
      text: key.export().toString(),
    })),
  );
  return secrets.some(({ channel }) => channel === DEFAULT_CHANNEL)
    ? secrets
    : [...madeSecret(env), ...secrets];
}

/** The one that the service made for itself, where none is configured. */
function madeSecret(env: Environment): KnownSecret[] {
  const file = localSecretFile(env);
  return existsSync(file) ? listed(readGiven(file), file, DEFAULT_CHANNEL) : [];
}

function listed(text: string, from: string, channel: string): KnownSecret[] {
  const parts = VARIABLES.WEBHOOK_SECRET.parse(text);
  return parts.map((part, i) => ({ channel, from: place(from, i, parts.length), text: part }));
}

function place(from: string, i: number, of: number): string {
  return of === 1 ? from : `${from}, number ${i + 1} of ${of}`;
}

function variableOf(channel: string): string {
  if (channel === DEFAULT_CHANNEL) return 'WEBHOOK_SECRET';
  return `WEBHOOK_SECRET_${channel.toUpperCase().replaceAll('-', '_')}`;
}

function readGiven(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`The secret in ${file} cannot be read (${code ?? message}).`);
  }
}
