import { existsSync, readFileSync } from 'node:fs';

import { AppConfig, type Environment } from '../../config/app-config.js';
import { localSecretFile } from '../../config/local-secret.js';
import type { CliEnvironment } from '../environment.js';
import { CommandFailure, EXIT, UsageError } from '../failure.js';

/** A token, and where it came from, in words that do not name it. */
export interface Token {
  readonly value: string;
  readonly from: string;
}

/** What the command line itself says about the token. */
export interface TokenOptions {
  readonly tokenFile?: string;
  readonly token?: string;
}

const VARIABLES = ['OPERATOR_TOKEN', 'VIEWER_TOKEN'] as const;

/**
 * The token for the operators' API, from the first place that has one: `--token-file`, `--token`, the
 * environment, `.env`, the data folder. In each, the operator's before the viewer's.
 *
 * @param local whether the service is one of this machine: the token of the data folder is for no other.
 * @throws CommandFailure that names every place it looked at; ConfigError when a `*_FILE` cannot be read.
 */
export function findToken(
  { tokenFile, token }: TokenOptions,
  environment: CliEnvironment,
  local: boolean,
): Token {
  if (tokenFile !== undefined) return { value: given(read(tokenFile), tokenFile), from: tokenFile };
  if (token !== undefined) return { value: given(token, '--token'), from: '--token' };
  const found =
    configured(environment.process, 'the environment') ??
    configured(environment.dotenv, environment.dotenvFile);
  if (found !== undefined) return found;
  const file = localSecretFile(environment.merged, 'OPERATOR_TOKEN');
  if (local && existsSync(file)) return { value: given(read(file), file), from: file };
  throw new CommandFailure(
    [
      "No token for the operators' API was found. Looked at:",
      '  - --token-file and --token: not given',
      '  - OPERATOR_TOKEN and VIEWER_TOKEN, and the same with _FILE, in the environment: not set',
      `  - ${environment.dotenvFile}: ${environment.dotenvNote === 'read' ? 'has none of them' : environment.dotenvNote}`,
      `  - ${file}: ${local ? 'no such file ("npm start" makes it outside production)' : 'is for a service on this machine'}`,
      'Give it with --token-file PATH.',
    ].join('\n'),
    EXIT.notAllowed,
  );
}

/** Read by the service's own rules. */
function configured(env: Environment, where: string): Token | undefined {
  const names = VARIABLES.flatMap((name) => [name, `${name}_FILE`]);
  const used = Object.fromEntries(names.map((name) => [name, env[name]]));
  const { tokens } = AppConfig.load({ ...used, ROLES: 'deliver' }).operations;
  for (const [role, variable] of [
    ['operator', 'OPERATOR_TOKEN'],
    ['viewer', 'VIEWER_TOKEN'],
  ] as const) {
    const key = tokens.get(role);
    if (key !== undefined) return { value: key.export().toString(), from: `${variable} in ${where}` };
  }
  return undefined;
}

function given(text: string, where: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`${where} has no token in it: it is empty, or has characters that no token has.`);
  }
  return token;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`The token in ${file} cannot be read (${code ?? message}).`);
  }
}
