import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { ConfigError, EnvironmentReader, type Environment } from './app-config.js';

/** What is made where it is not configured, and the file below `DATA_DIR` that keeps it. */
const FILES = { WEBHOOK_SECRET: 'webhook-secret', OPERATOR_TOKEN: 'operator-token' } as const;
type Made = keyof typeof FILES;

/**
 * The file of a made secret for an environment.
 *
 * @throws ConfigError when `DATA_DIR` cannot be read.
 */
export function localSecretFile(env: Environment, name: Made = 'WEBHOOK_SECRET'): string {
  const reader = new EnvironmentReader(env);
  const dataDir = reader.required('DATA_DIR');
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return resolve(dataDir, FILES[name]);
}

/**
 * The environment, with a secret for the channel `default` and a token for operators where none is configured
 * outside production: so that the first start needs no preparation. They are made once and kept in `DATA_DIR`
 * with mode 0600.
 *
 * @throws ConfigError when `DATA_DIR` cannot be read.
 * @throws NodeJS.ErrnoException when the data folder cannot be written.
 */
export function withLocalSecrets(env: Environment): Environment {
  // With any other value, such as a misspelt "production", the start is going to be refused.
  if (!['', 'development', 'test'].includes(env['NODE_ENV'] ?? '')) return env;
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '';
  const hasChannel = Object.keys(env).some((name) => name.startsWith('WEBHOOK_SECRET') && isSet(name));
  const hasOperator = isSet('OPERATOR_TOKEN') || isSet('OPERATOR_TOKEN_FILE');
  return {
    ...env,
    ...(!hasChannel && { WEBHOOK_SECRET: keptSecret(localSecretFile(env)) }),
    ...(!hasOperator && { OPERATOR_TOKEN: keptSecret(localSecretFile(env, 'OPERATOR_TOKEN')) }),
  };
}

/** The secret that a file keeps, made if need be. */
function keptSecret(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // An empty one was left by a start that ended, or met a full disk, before it was written.
  const flag = existsSync(file) && statSync(file).size === 0 ? 'w' : 'wx';
  try {
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { flag, mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
