import type { AppConfig, Environment } from './config/app-config.js';
import { databaseName } from './config/database.js';
import { localSecretFile } from './config/local-secret.js';
import { VARIABLES } from './config/variables.js';

/** Where `npm run send` sends to when it is told nothing else. */
const DEFAULT_WEBHOOK = `http://${VARIABLES.HOST.default}:${VARIABLES.PORT.default}${VARIABLES.BASE_PATH.default}${VARIABLES.WEBHOOK_PATH.default}`;

/** Where the service can be reached. */
export interface Urls {
  readonly webhook: string;
  readonly operations: string;
}

/**
 * What a person in front of a terminal wants to know first. It names the files of secrets, never a secret.
 *
 * @param env with what was made for it; `own` without.
 */
export function banner(
  { webhook: origin, operations }: Urls,
  config: AppConfig,
  env: Environment,
  own: Environment,
): string {
  const webhook = `${origin}${config.webhookPath}`;
  const made = (name: 'WEBHOOK_SECRET' | 'OPERATOR_TOKEN', configured: string): string =>
    env[name] === own[name]
      ? configured
      : `${localSecretFile(env, name)} (made for you; set ${name} to use your own)`;
  const secretFile = localSecretFile(env, 'WEBHOOK_SECRET');
  // "send" does not know of another data folder: the variable was set for this process alone.
  const elsewhere = env['WEBHOOK_SECRET'] !== own['WEBHOOK_SECRET'] && secretFile !== localSecretFile({});
  const options = [
    ...(webhook === DEFAULT_WEBHOOK ? [] : [`--url ${webhook}`]),
    ...(elsewhere ? [`--secret-file ${quoted(secretFile)}`] : []),
  ];
  return [
    '',
    `  Webhook   ${webhook}`,
    `  Operators ${operations}/`,
    ...(config.docs ? [`  Docs      ${operations}/docs`] : []),
    `  Data      ${databaseName(config.database)}`,
    `  Secret    ${made('WEBHOOK_SECRET', 'as configured (set the same WEBHOOK_SECRET where you send from)')}`,
    `  Token     ${made('OPERATOR_TOKEN', 'as configured (OPERATOR_TOKEN opens the page of the operators)')}`,
    '',
    '  Send a signed event:',
    '',
    `    npm run send${options.length === 0 ? '' : ` -- ${options.join(' ')}`}`,
    '',
  ].join('\n');
}

/** A path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
