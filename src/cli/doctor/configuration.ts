import { AppConfig, ConfigError, type Environment } from '../../config/app-config.js';
import { VARIABLES } from '../../config/variables.js';
import type { CliEnvironment } from '../environment.js';
import { fault, ok, warning, type Check } from './check.js';

const NAME = 'configuration';
/** Characters of a secret that nobody guesses, at least. */
const SECRET_LENGTH = 16;
const LOOPBACK = ['localhost', '::1'];

/** What is configured, as far as it can be read. */
export interface CheckedConfiguration {
  readonly checks: readonly Check[];
  readonly config: AppConfig | undefined;
}

/** Reads the configuration as a start would; a start that makes a secret for itself is not anticipated. */
export function checkConfiguration(environment: CliEnvironment): CheckedConfiguration {
  const { merged, dotenvFile, dotenvNote } = environment;
  const makes = makesSecret(merged);
  try {
    const config = AppConfig.load(makes ? { ...merged, WEBHOOK_SECRET: 'made-at-the-start' } : merged);
    const from = dotenvNote === 'read' ? `the environment and ${dotenvFile}` : 'the environment';
    const read = ok(
      NAME,
      `Read from ${from}, without a fault.${makes ? ' The start makes a secret of its own.' : ''}`,
    );
    return {
      config,
      checks: [read, ...(makes ? [] : weakSecrets(config)), ...exposed(config), ...strangers(environment)],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const checks = error.faults.map((told) =>
      fault(NAME, told, 'See docs/configuration.md; the service does not start so.'),
    );
    return { config: undefined, checks: [...checks, ...strangers(environment)] };
  }
}

/** Whether the service makes a secret for itself where none is configured. */
function makesSecret(env: Environment): boolean {
  const configured = Object.keys(env).some((name) => name.startsWith('WEBHOOK_SECRET') && env[name] !== '');
  return !configured && env['NODE_ENV'] !== 'production';
}

function weakSecrets({ secrets }: AppConfig): Check[] {
  return [...secrets]
    .filter(([, keys]) => keys.some(({ symmetricKeySize = 0 }) => symmetricKeySize < SECRET_LENGTH))
    .map(([channel]) =>
      warning(
        NAME,
        `A secret of the channel "${channel}" has fewer than ${SECRET_LENGTH} characters.`,
        'Use a random one, such as "openssl rand -hex 32" makes, here and at the vendor.',
      ),
    );
}

function exposed({ host, production }: AppConfig): Check[] {
  if (production || LOOPBACK.includes(host) || host.startsWith('127.')) return [];
  const told = `HOST is ${host}, which other machines reach, but NODE_ENV is not "production".`;
  return [warning(NAME, told, 'Set NODE_ENV=production: then nothing is made up where a secret is missing.')];
}

/** Names in `.env` that mean nothing to the service: often a known one that is misspelt. */
function strangers({ dotenv, dotenvFile }: CliEnvironment): Check[] {
  const known = (name: string): boolean =>
    name.replace(/_FILE$/, '') in VARIABLES || name.startsWith('WEBHOOK_SECRET_') || name.startsWith('OTEL_');
  return Object.keys(dotenv)
    .filter((name) => !known(name))
    .map((name) =>
      warning(
        NAME,
        `${dotenvFile} has ${name}, which the service does not know.`,
        'Check its spelling, unless a listener reads it.',
      ),
    );
}
