import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { AppConfig, type Environment } from './app-config.js';
import { localSecretFile, withLocalSecrets } from './local-secret.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const dataDir = (): string => join(folder, 'data');
const secretFile = (): string => join(dataDir(), 'webhook-secret');
const tokenFile = (): string => join(dataDir(), 'operator-token');
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('a secret of our own', () => {
  it('is made where none is configured, and kept for its owner alone', () => {
    const env = withLocalSecrets({ DATA_DIR: dataDir() });
    expect(env['WEBHOOK_SECRET']).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(secretFile(), 'utf8')).toBe(`${env['WEBHOOK_SECRET']}\n`);
    expect(modeOf(secretFile())).toBe('600');
    expect(modeOf(dataDir())).toBe('700');
    expect(AppConfig.load(env).secrets.get('default')).toHaveLength(1);
  });

  it('is made once: the next start finds it', () => {
    const first = withLocalSecrets({ DATA_DIR: dataDir() });
    const second = withLocalSecrets({ DATA_DIR: dataDir() });
    expect(second).toEqual(first);
  });

  it('is another one in another data folder', () => {
    const first = withLocalSecrets({ DATA_DIR: join(folder, 'a') });
    const second = withLocalSecrets({ DATA_DIR: join(folder, 'b') });
    expect(second['WEBHOOK_SECRET']).not.toBe(first['WEBHOOK_SECRET']);
  });

  it('leaves the rest of the environment as it is', () => {
    const env = { DATA_DIR: dataDir(), PORT: '1' };
    expect(withLocalSecrets(env)).toMatchObject(env);
    expect(env).toEqual({ DATA_DIR: dataDir(), PORT: '1' });
  });

  it.each<[string, Environment]>([
    ['a secret is configured', { WEBHOOK_SECRET: 'mine' }],
    ['a secret is in a file', { WEBHOOK_SECRET_FILE: '/run/secrets/webhook' }],
    ['a channel has a secret', { WEBHOOK_SECRET_EMEA: 'mine' }],
    ['it is production', { NODE_ENV: 'production' }],
    ['it is production, misspelt', { NODE_ENV: 'prod' }],
  ])('is not made where %s', (_, some) => {
    const env = { DATA_DIR: dataDir(), OPERATOR_TOKEN: 'token-of-my-own-making', ...some };
    expect(withLocalSecrets(env)).toEqual(env);
    expect(existsSync(dataDir())).toBe(false);
  });

  it('is not used in production, even where one was made', () => {
    withLocalSecrets({ DATA_DIR: dataDir() });
    expect(withLocalSecrets({ DATA_DIR: dataDir(), NODE_ENV: 'production' })).not.toHaveProperty(
      'WEBHOOK_SECRET',
    );
  });

  it('is made where the variable is set to nothing', () => {
    expect(withLocalSecrets({ DATA_DIR: dataDir(), WEBHOOK_SECRET: '' })['WEBHOOK_SECRET']).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });

  it('can be replaced by writing another into its file', () => {
    mkdirSync(dataDir());
    writeFileSync(secretFile(), 'of-my-own\n');
    expect(withLocalSecrets({ DATA_DIR: dataDir() })['WEBHOOK_SECRET']).toBe('of-my-own');
  });

  it('is made anew where a start ended before it was written', () => {
    mkdirSync(dataDir());
    writeFileSync(secretFile(), '', { mode: 0o600 });
    const env = withLocalSecrets({ DATA_DIR: dataDir() });
    expect(env['WEBHOOK_SECRET']).toMatch(/^[0-9a-f]{64}$/);
    expect(withLocalSecrets({ DATA_DIR: dataDir() })).toEqual(env);
    expect(modeOf(secretFile())).toBe('600');
  });

  it('cannot be made where the data folder is a file, which is said with its path', () => {
    writeFileSync(dataDir(), '');
    expect(() => withLocalSecrets({ DATA_DIR: dataDir() })).toThrow(dataDir());
  });
});

describe('a token of our own for operators', () => {
  it('is made where none is configured, and kept for its owner alone', () => {
    const env = withLocalSecrets({ DATA_DIR: dataDir(), WEBHOOK_SECRET: 'mine' });
    expect(env['OPERATOR_TOKEN']).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(tokenFile(), 'utf8')).toBe(`${env['OPERATOR_TOKEN']}\n`);
    expect(modeOf(tokenFile())).toBe('600');
    expect(existsSync(secretFile())).toBe(false);
    expect(localSecretFile(env, 'OPERATOR_TOKEN')).toBe(tokenFile());
    expect([...AppConfig.load(env).operations.tokens.keys()]).toEqual(['operator']);
    expect(withLocalSecrets({ DATA_DIR: dataDir(), WEBHOOK_SECRET: 'mine' })).toEqual(env);
  });

  it.each<[string, Environment]>([
    ['one is configured', { OPERATOR_TOKEN: 'token-of-my-own-making' }],
    ['one is in a file', { OPERATOR_TOKEN_FILE: '/run/secrets/operator' }],
    ['it is production', { NODE_ENV: 'production' }],
    ['it is production, misspelt', { NODE_ENV: 'prod' }],
  ])('is not made where %s', (_, some) => {
    const env = { DATA_DIR: dataDir(), WEBHOOK_SECRET: 'mine', ...some };
    expect(withLocalSecrets(env)).toEqual(env);
    expect(existsSync(dataDir())).toBe(false);
  });

  it('is not that of the webhook', () => {
    const env = withLocalSecrets({ DATA_DIR: dataDir() });
    expect(env['OPERATOR_TOKEN']).not.toBe(env['WEBHOOK_SECRET']);
  });
});

describe('the file of the secret', () => {
  it('is below DATA_DIR, which is ./data by default', () => {
    expect(localSecretFile({ DATA_DIR: '/srv/webhook' })).toBe('/srv/webhook/webhook-secret');
    expect(localSecretFile({})).toBe(resolve('data/webhook-secret'));
    expect(localSecretFile({ DATA_DIR: '' })).toBe(resolve('data/webhook-secret'));
  });

  it('is below the folder that DATA_DIR_FILE has, as the rest of the data is', () => {
    const file = join(folder, 'where');
    writeFileSync(file, `${dataDir()}\n`);
    expect(localSecretFile({ DATA_DIR_FILE: file })).toBe(secretFile());
    expect(AppConfig.load(withLocalSecrets({ DATA_DIR_FILE: file })).dataDir).toBe(dataDir());
    expect(existsSync(secretFile())).toBe(true);
  });

  it('is nowhere when DATA_DIR_FILE cannot be read', () => {
    const env = { DATA_DIR_FILE: join(folder, 'missing') };
    expect(() => withLocalSecrets(env)).toThrow(/DATA_DIR_FILE names .+missing, which cannot be read/);
  });
});
