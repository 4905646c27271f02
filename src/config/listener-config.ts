import { createSecretKey, type KeyObject } from 'node:crypto';

import type { EnvironmentReader } from './app-config.js';

/** What the listeners that ship are set to. Each function gives `undefined` for a listener that is off. */

/** Of the listener `interactions`. */
export interface InteractionsConfig {
  readonly stuckAfterMs: number;
}

/** Of the listener `http-forward`. */
export interface ForwardConfig {
  readonly url: string;
  /** Each signs every event. */
  readonly secrets: readonly KeyObject[];
}

/** Of the listener `transcript`. */
export interface TranscriptConfig {
  /** Ends with "/", so that a relative `selfUri` is resolved below it. */
  readonly baseUrl: string;
  readonly apiKey: KeyObject | undefined;
  /** As `URL.host` writes them, that of the base URL among them. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowPrivate: boolean;
}

/** @param operated whether there are operators, whose page shows interactions. */
export function interactionsConfig(
  reader: EnvironmentReader,
  operated: boolean,
): InteractionsConfig | undefined {
  const on = (reader.optional('INTERACTIONS') ?? (operated ? 'on' : 'off')) === 'on';
  const stuckAfterMs = reader.required('INTERACTIONS_STUCK_AFTER') * 1_000;
  return on ? { stuckAfterMs } : undefined;
}

export function forwardConfig(reader: EnvironmentReader): ForwardConfig | undefined {
  const before = reader.faults.length;
  const url = reader.optional('FORWARD_URL');
  const secrets = reader.optional('FORWARD_SECRET');
  const allowed = reader.optional('FORWARD_ALLOWED_HOSTS') ?? [];
  if (url === undefined || reader.faults.length > before) return undefined;
  const { host } = new URL(url);
  if (allowed.length > 0 && !allowed.includes(host)) {
    reader.fault('FORWARD_URL', `has the host ${host}, which FORWARD_ALLOWED_HOSTS does not list`);
  }
  if (secrets === undefined) {
    reader.fault('FORWARD_SECRET', 'is required with FORWARD_URL: what is not signed proves nothing');
    return undefined;
  }
  return { url, secrets: secrets.map((secret) => createSecretKey(secret)) };
}

export function transcriptConfig(reader: EnvironmentReader): TranscriptConfig | undefined {
  const url = reader.optional('TRANSCRIPT_BASE_URL');
  const apiKey = reader.optional('TRANSCRIPT_API_KEY');
  const further = reader.optional('TRANSCRIPT_ALLOWED_HOSTS') ?? [];
  const allowPrivate = reader.optional('TRANSCRIPT_ALLOW_PRIVATE') === 'on';
  if (url === undefined) return undefined;
  const { search, host } = new URL(url);
  if (search !== '') reader.fault('TRANSCRIPT_BASE_URL', 'must have no query');
  return {
    baseUrl: url.endsWith('/') ? url : `${url}/`,
    apiKey: apiKey === undefined ? undefined : createSecretKey(apiKey, 'utf8'),
    allowedHosts: new Set([host, ...further]),
    allowPrivate,
  };
}
