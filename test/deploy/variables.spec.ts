import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AppConfig, type Environment } from '../../src/config/app-config.js';
import { VARIABLES } from '../../src/config/variables.js';
import { interpolated, readCompose } from './compose.js';
import { environment, readStages, textsOf } from './dockerfile.js';
import { readApplication } from './manifests.js';

const isVariable = (name: string): boolean =>
  name.replace(/_FILE$/, '') in VARIABLES || /^WEBHOOK_SECRET_[A-Z0-9_]+$/.test(name);

/** What the image sets. */
const image = environment(
  readStages()
    .flatMap((stage) => textsOf(stage, 'ENV'))
    .join(' '),
);

/** What a replica in the compose file gets, whose secrets are files of a folder. */
function composeEnvironment(secrets: string): Environment {
  const own = readCompose().services['service']?.environment ?? {};
  const files = Object.entries(own).map(([name, value]) => [name, value.replace('/run/secrets', secrets)]);
  return { ...image, ...(Object.fromEntries(files) as Environment) };
}

/** What a pod gets, with the values of the example of the Secret. */
function podEnvironment(): Environment {
  const { container, configMap, secret } = readApplication();
  const variables = container.env?.map(({ name, value }): [string, string | undefined] => {
    const key = value?.split('/').at(-1) ?? '';
    return name.endsWith('_FILE') ? [name.replace(/_FILE$/, ''), secret.stringData?.[key]] : [name, value];
  });
  return { ...image, ...configMap.data, ...Object.fromEntries(variables ?? []) };
}

describe('the variables that what ships sets', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-secrets-'));
    cpSync('deploy/compose/make-secrets.sh', join(folder, 'deploy/compose/make-secrets.sh'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const makeSecrets = (): string =>
    execFileSync(join(folder, 'deploy/compose/make-secrets.sh'), { encoding: 'utf8' });

  it('are variables of the service', () => {
    const { container, configMap } = readApplication();
    const page = existsSync('docs/deployment.md') ? readFileSync('docs/deployment.md', 'utf8') : '';
    const documented = [...page.matchAll(/\b([A-Z]+(?:_[A-Z]+)+)(?==|`)/g)].map(([, name = '']) => name);
    const names = [
      ...Object.keys(image),
      ...Object.keys(readCompose().services['service']?.environment ?? {}),
      ...interpolated(),
      ...Object.keys(configMap.data ?? {}),
      ...(container.env?.map(({ name }) => name) ?? []),
      ...documented,
    ];
    expect(documented).not.toEqual([]);
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
  });

  it('are a configuration that starts, in the compose file with the secrets that its script makes', () => {
    makeSecrets();
    const config = AppConfig.load(composeEnvironment(join(folder, 'secrets')));
    expect(config).toMatchObject({ host: '0.0.0.0', port: 3000, production: true });
    expect(config.database).toMatchObject({ engine: 'postgres' });
  });

  it('are a configuration that starts, in a pod with the Secret of the example', () => {
    const config = AppConfig.load(podEnvironment());
    expect(config).toMatchObject({ host: '0.0.0.0', port: 3000, production: true });
    expect(config.database).toMatchObject({ engine: 'postgres' });
  });

  it('come from secrets that nobody else on the machine can read, and that are made once', () => {
    makeSecrets();
    const secrets = join(folder, 'secrets');
    const read = (): string[] =>
      readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8'));
    const before = read();
    expect(new Set(before).size).toBe(6);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    expect(makeSecrets()).toBe('');
    expect(read()).toEqual(before);
  });
});
