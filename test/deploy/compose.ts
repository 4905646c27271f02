import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

/** What the tests look at in a service of the compose file. */
export interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
  readonly deploy?: { readonly replicas?: number };
}

/** The compose file. */
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const COMPOSE_FILE = 'docker-compose.yml';

/** The project's compose file as Compose sees it where no variable is set. */
export function readCompose(): Compose {
  const text = readFileSync(COMPOSE_FILE, 'utf8').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  return parse(text.replaceAll('$$', '$'), { merge: true }) as Compose;
}

/** Names that the compose file takes from the environment or from `.env`. */
export function interpolated(): string[] {
  return [...readFileSync(COMPOSE_FILE, 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
}
