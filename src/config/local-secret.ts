import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { ConfigError, EnvironmentReader, type Environment } from './app-config.js';

/** Where a made secret is kept, below `DATA_DIR`. */
const FILE_NAME = 'webhook-secret';

/**
 * The file of the made secret for an environment.
 *
 * @throws ConfigError when `DATA_DIR` cannot be read.
 */
export function localSecretFile(env: Environment): string {
  const reader = new EnvironmentReader(env);
  const dataDir = reader.required('DATA_DIR');
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return resolve(dataDir, FILE_NAME);
}

/**
 * The environment, with a secret for the channel `default` where none is configured outside production:
 * so that the first start needs no preparation. The secret is made once and kept in `DATA_DIR` with
 * mode 0600.
 *
 * @throws ConfigError when `DATA_DIR` cannot be read.
 * @throws NodeJS.ErrnoException when the data folder cannot be written.
 */
export function withLocalSecret(env: Environment): Environment {
  const configured = Object.keys(env).some((name) => name.startsWith('WEBHOOK_SECRET') && env[name] !== '');
  if (configured || env['NODE_ENV'] === 'production') return env;
  const file = localSecretFile(env);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  // An empty one was left by a start that ended, or met a full disk, before it was written.
  const flag = existsSync(file) && statSync(file).size === 0 ? 'w' : 'wx';
  try {
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { flag, mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { ...env, WEBHOOK_SECRET: readFileSync(file, 'utf8').trim() };
}
