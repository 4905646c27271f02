import { isIPv6 } from 'node:net';

import { AppConfig, DEFAULT_CHANNEL, type Environment } from '../../config/app-config.js';
import { UsageError } from '../failure.js';

/** The port where the configured one is no address: `0` lets the system choose. */
const USUAL_PORT = 3000;
/** What the address and the key of the service are made of. */
const VARIABLES_USED = [
  'HOST',
  'PORT',
  'BASE_PATH',
  'WEBHOOK_PATH',
  'WEBHOOK_API_KEY',
  'WEBHOOK_API_KEY_FILE',
];

/** Where to send, and the key that goes with it. */
export interface Target {
  readonly url: URL;
  readonly apiKey: string | undefined;
}

/** What the command line says about the target. */
export interface TargetOptions {
  readonly url?: URL;
  readonly channel: string;
  readonly apiKey?: string;
}

/**
 * The webhook's address: the one that is given, or the service's of this machine by the variables that
 * the service itself reads; with the channel as the last segment.
 *
 * @throws ConfigError when one of the variables is wrong.
 */
export function findTarget({ url, channel, apiKey }: TargetOptions, env: Environment): Target {
  const used = Object.fromEntries(VARIABLES_USED.map((name) => [name, env[name]]));
  // A process without the role `receive` needs no secret, which is looked for elsewhere.
  const config = AppConfig.load({ ...used, ROLES: 'deliver' });
  const target = new URL(url ?? localUrl(config.host, config.port) + config.webhookPath);
  if (channel !== DEFAULT_CHANNEL) {
    target.pathname = `${target.pathname.replace(/\/$/, '')}/${encodeURIComponent(channel)}`;
  }
  return { url: target, apiKey: apiKey ?? config.apiKey?.export().toString() };
}

/**
 * Reads `--url`.
 *
 * @throws UsageError unless it is an HTTP address.
 */
export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`"${text}" is no address that starts with http:// or https://.`);
  }
  return url;
}

/** The service of this machine that listens on an address, without a path. */
export function localUrl(host: string, port: number): string {
  return `http://${hostName(host)}:${port === 0 ? USUAL_PORT : port}`;
}

/** A service that listens on every address is reached by the loopback one. */
function hostName(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}
