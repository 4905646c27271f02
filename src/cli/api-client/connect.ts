import { InvalidArgumentError, type Command } from 'commander';

import { readEnvironment } from '../environment.js';
import { UsageError } from '../failure.js';
import { parseUrl } from '../send/target.js';
import { findApi } from './address.js';
import { ApiClient } from './api-client.js';
import { findToken, type TokenOptions } from './token.js';

/** Options of every command that speaks to a running service. */
export interface ApiOptions extends TokenOptions {
  readonly url?: URL;
  readonly json?: true;
}

/** Where the token comes from, for the help of every such command. */
export const TOKEN_HELP = `
The token is taken from the first of: --token-file, --token, the environment variable OPERATOR_TOKEN or
VIEWER_TOKEN (*_FILE names a file), .env, the data folder (DATA_DIR) for a service on this machine.`;

/** Exit codes of every such command. */
export const EXIT_HELP = `
Exit codes: 0 done; 1 it failed, or was not done to its end; 2 the command was not understood;
69 the service cannot be reached; 77 the token is missing, wrong, or may not do this.`;

/** Adds the options that say which service, with which token, and how to print. */
export function addApiOptions(command: Command, json = 'print JSON, one document a line'): Command {
  return command
    .optionsGroup('Which service, and how to print:')
    .option(
      '--url <url>',
      'the service (default: the one of this machine, as HOST, PORT and OPERATIONS_PORT say)',
      url,
    )
    .option('--token-file <path>', 'file with the operator or viewer token')
    .option('--token <value>', 'the token itself; other users of the machine can see it')
    .option('--json', json);
}

/**
 * The API that a command's options name.
 *
 * @throws CommandFailure when no token is found; ConfigError when a variable is wrong.
 */
export function connect(options: ApiOptions): ApiClient {
  const environment = readEnvironment();
  const base = findApi(options.url, environment.merged);
  const local = options.url === undefined || isLoopback(base.hostname);
  return new ApiClient(base, findToken(options, environment, local));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

/** Reads an option that is an address. */
export function url(text: string): URL {
  try {
    return parseUrl(text);
  } catch (error) {
    throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
  }
}
