/**
 * Every environment variable of the service, declared once: how it is read, what it is when absent, and
 * what it means. `docs/configuration.md` is held to this table by a test.
 */

import { parseDatabaseUrl } from './database.js';

/** Turns the text of a variable into its value, or throws an `Error` whose message ends the sentence "NAME …". */
type Parse<T> = (text: string) => T;

/** One environment variable. */
export interface Variable<T> {
  readonly parse: Parse<T>;
  /** The text used when the variable is absent; `undefined` where absence has a meaning of its own. */
  readonly default: string | undefined;
  /** One sentence for the documentation. */
  readonly meaning: string;
}

const variable = <T>(parse: Parse<T>, fallback: string | undefined, meaning: string): Variable<T> => ({
  parse,
  default: fallback,
  meaning,
});

const text: Parse<string> = (value) => value;

const oneOf =
  <const T extends string>(...values: T[]): Parse<T> =>
  (value) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return found;
  };

const integer =
  (min: number, max: number): Parse<number> =>
  (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return number;
  };

const SIZE = /^(\d+)\s*(b|kib|mib)?$/i;
const UNITS: Readonly<Record<string, number>> = { b: 1, kib: 1024, mib: 1024 * 1024 };

const bytes: Parse<number> = (value) => {
  const [, digits, unit = 'b'] = SIZE.exec(value) ?? [];
  const size = Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN);
  if (!(size >= 1024 && size <= 64 * 1024 * 1024))
    throw new Error('must be a size from 1KiB to 64MiB, such as 1MiB');
  return size;
};

const path: Parse<string> = (value) => {
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(value)) {
    throw new Error('must start with "/", not end with it, and use only letters, digits and . _ ~ -');
  }
  return value;
};

const list: Parse<readonly string[]> = (value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const roles: Parse<ReadonlySet<'receive' | 'deliver'>> = (value) => {
  const names = list(value).map(oneOf('receive', 'deliver'));
  if (names.length === 0) throw new Error('must name at least one of receive, deliver');
  return new Set(names);
};

const status: Parse<200 | 400> = (value) => (oneOf('400', '200')(value) === '200' ? 200 : 400);

const url: Parse<string> = (value) => {
  const parsed = URL.parse(value);
  const web = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  if (!web || parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    throw new Error('must be a URL such as https://host/path, without credentials and without #');
  }
  return parsed.href;
};

/** Hosts as `URL.host` writes them: in lower case, an address in its usual form, no port that goes without saying. */
const hosts: Parse<readonly string[]> = (value) =>
  list(value).map((entry) => {
    const [secure, plain] = [URL.parse(`https://${entry}/`), URL.parse(`http://${entry}/`)];
    if (secure === null || plain === null || /[/?#@\\]/.test(entry)) {
      throw new Error('must be hosts, such as crm.example or crm.example:8443');
    }
    return secure.host.length < plain.host.length ? secure.host : plain.host;
  });

/** A value that a header can carry as it is. */
const token: Parse<string> = (value) => {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Error('must be printable ASCII without spaces');
  return value;
};

/** Characters of an access token, at least: fewer can be guessed. */
const ACCESS_TOKEN_LENGTH = 16;

/** A token that opens the operators' API. */
const accessToken: Parse<string> = (value) => {
  if (token(value).length < ACCESS_TOKEN_LENGTH) {
    throw new Error(
      `must have at least ${ACCESS_TOKEN_LENGTH} characters, such as openssl rand -hex 32 makes`,
    );
  }
  return value;
};

/** Bytes of a Standard Webhooks secret, at least and at most. */
const SIGNING_SECRET_BYTES = [24, 64] as const;

/** Standard Webhooks secrets: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const signingSecrets: Parse<readonly Buffer[]> = (value) => {
  const secrets = list(value).map((part) => Buffer.from(part.replace(/^whsec_/, ''), 'base64'));
  const [least, most] = SIGNING_SECRET_BYTES;
  const wellFormed = list(value).every((part) => /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(part));
  if (!wellFormed || secrets.length === 0 || secrets.some(({ length }) => length < least || length > most)) {
    throw new Error(`must be whsec_ and ${least} to ${most} random bytes in base64`);
  }
  return secrets;
};

/** All variables but `WEBHOOK_SECRET_<CHANNEL>`, whose names are open. */
export const VARIABLES = {
  HOST: variable(text, '127.0.0.1', 'Address to listen on. Use `0.0.0.0` to be reached from other machines.'),
  PORT: variable(integer(0, 65_535), '3000', 'Port to listen on; `0` picks a free one.'),
  BASE_PATH: variable(path, '/nexus/v3', "The vendor's base path, put before `WEBHOOK_PATH`."),
  WEBHOOK_PATH: variable(
    path,
    '/some/interactions/webhook/path',
    'Path of the webhook. A named channel is one segment more: `<path>/<channel>`.',
  ),
  WEBHOOK_SECRET: variable(
    list,
    undefined,
    'Secrets of the channel `default`, comma-separated: the current one, then older ones that are still valid. `WEBHOOK_SECRET_EMEA_CHAT` is the same for the channel `emea-chat`, and so on. Required in production; elsewhere one is made and kept in `DATA_DIR`.',
  ),
  WEBHOOK_API_KEY: variable(text, undefined, 'When set, requests must also carry it as `x-api-key`.'),
  DATA_DIR: variable(text, './data', 'Folder of everything that the service keeps.'),
  DATABASE_URL: variable(
    parseDatabaseUrl,
    undefined,
    'The store: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` to share it between machines; when absent, `sqlite:<DATA_DIR>/interactions.db`.',
  ),
  MIGRATE: variable(
    oneOf('on', 'off'),
    'on',
    "Whether the store's schema is brought up to date at start; `off` starts only where it is.",
  ),
  RETENTION_DAYS: variable(
    integer(1, 36_500),
    undefined,
    'Days after which what is stored and done with is removed: see [operations.md](operations.md#retention). It must be longer than the vendor sends an event again; when absent, everything is kept.',
  ),
  LISTENERS: variable(
    list,
    '',
    'Listener modules to load, comma-separated: a file (`./listeners/crm.module.js`), a folder, or a package.',
  ),
  ROLES: variable(
    roles,
    'receive,deliver',
    'What this process does. Two processes on one store can share the work: one `receive`, one `deliver`.',
  ),
  UNKNOWN_VALUES: variable(
    oneOf('reject', 'accept'),
    'reject',
    'What happens to unlisted values of `event`, `mediaType` and `interactionSubtype`: answered 400 and quarantined, or accepted as they are.',
  ),
  INVALID_PAYLOAD_STATUS: variable(
    status,
    '400',
    'Answer to an authentic but invalid payload after it was quarantined: `400`, or `200` for a sender that blocks on a 400.',
  ),
  BODY_LIMIT: variable(
    bytes,
    '1MiB',
    'Largest accepted body, from `1KiB` to `64MiB`; a larger one is answered 413.',
  ),
  MAX_PENDING: variable(
    integer(1, 100_000),
    '2000',
    'Requests that may wait for the disk at once; more are answered 503 with `Retry-After`.',
  ),
  ALLOWED_IPS: variable(list, '', 'Addresses or CIDR ranges that may call the webhook; empty allows all.'),
  TRUST_PROXY: variable(
    list,
    '',
    'Addresses or CIDR ranges of proxies whose `X-Forwarded-For` is believed when `ALLOWED_IPS` is checked.',
  ),
  OPERATOR_TOKEN: variable(
    accessToken,
    undefined,
    "Token that may do everything in the operators' API and page, which are off without any token. Outside production one is made and kept in `DATA_DIR`.",
  ),
  VIEWER_TOKEN: variable(accessToken, undefined, 'Token that may read there, and change nothing.'),
  VIEWER_BODIES: variable(
    oneOf('on', 'off'),
    'off',
    'Whether `VIEWER_TOKEN` may read the bodies of webhooks too.',
  ),
  OPERATIONS_PORT: variable(
    integer(0, 65_535),
    undefined,
    "Port of its own for the operators' API and page, `/metrics` and `/docs`; `PORT` then answers the webhook and `/health` alone.",
  ),
  DOCS: variable(oneOf('on', 'off'), 'on', 'Whether `/docs`, `/docs-json` and `/docs-yaml` are served.'),
  LOG_LEVEL: variable(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'Least severe level that is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    url,
    undefined,
    'Base URL of an OpenTelemetry collector, such as `http://localhost:4318`; when absent, nothing is traced. See [observability.md](observability.md).',
  ),
  AUDIT_LOG: variable(oneOf('on', 'off'), 'on', 'Whether the listener `audit-log` logs every event.'),
  INTERACTIONS: variable(
    oneOf('on', 'off'),
    undefined,
    'Whether the listener `interactions` keeps the state of every interaction; when absent, `on` with an `OPERATOR_TOKEN`, else `off`.',
  ),
  INTERACTIONS_STUCK_AFTER: variable(
    integer(1, 31_536_000),
    '86400',
    'Seconds after which an interaction that started and has not finished is stuck.',
  ),
  FORWARD_URL: variable(
    url,
    undefined,
    'Where the listener `http-forward` posts every event as a CloudEvent; when absent, it is off.',
  ),
  FORWARD_SECRET: variable(
    signingSecrets,
    undefined,
    'Secret that signs forwarded events, `whsec_` and base64; several, comma-separated, sign each event side by side. Required with `FORWARD_URL`.',
  ),
  FORWARD_ALLOWED_HOSTS: variable(
    hosts,
    '',
    'Hosts that `FORWARD_URL` may have, comma-separated, such as `crm.example` or `crm.example:8443`; empty allows any.',
  ),
  TRANSCRIPT_BASE_URL: variable(
    url,
    undefined,
    'Base URL of Nexus, from which the listener `transcript` fetches finished interactions; when absent, it is off.',
  ),
  TRANSCRIPT_API_KEY: variable(
    token,
    undefined,
    'Sent to Nexus as `x-api-key` when transcripts are fetched.',
  ),
  TRANSCRIPT_ALLOWED_HOSTS: variable(
    hosts,
    '',
    'Hosts that transcripts are fetched from, besides that of `TRANSCRIPT_BASE_URL`; the API key is sent to them too.',
  ),
  TRANSCRIPT_ALLOW_PRIVATE: variable(
    oneOf('on', 'off'),
    'off',
    'Whether transcripts are fetched from private addresses, such as `10.0.0.0/8` and those of this machine.',
  ),
  NODE_ENV: variable(
    oneOf('production', 'development', 'test'),
    'development',
    '`production` refuses to start without a secret and reads no `.env` file. `development` and `test` are alike; anything else is a fault.',
  ),
} as const satisfies Record<string, Variable<unknown>>;

/** Names of {@link VARIABLES}. */
export type VariableName = keyof typeof VARIABLES;
