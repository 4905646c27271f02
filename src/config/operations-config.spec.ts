import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { AppConfig, ConfigError, type Environment } from './app-config.js';

const OPERATOR_TOKEN = 'token-of-an-operator';
const VIEWER_TOKEN = 'token-of-a-viewer-here';

const load = (env: Environment): AppConfig => AppConfig.load({ WEBHOOK_SECRET: 'secret', ...env });

function faultsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration of operators', () => {
  it('is off by itself, and leaves the listener interactions off', () => {
    const { operations, interactions } = load({});
    expect([...operations.tokens]).toEqual([]);
    expect([operations.port, operations.viewerBodies, interactions]).toEqual([undefined, false, undefined]);
  });

  it.each<[string, Environment, string[], boolean]>([
    ['an operator', { OPERATOR_TOKEN }, ['operator'], true],
    ['a viewer alone', { VIEWER_TOKEN }, ['viewer'], false],
    ['both', { OPERATOR_TOKEN, VIEWER_TOKEN }, ['operator', 'viewer'], true],
    ['an operator, and INTERACTIONS=off', { OPERATOR_TOKEN, INTERACTIONS: 'off' }, ['operator'], false],
    ['nobody, and INTERACTIONS=on', { INTERACTIONS: 'on' }, [], true],
  ])(
    'has the tokens that are set, and keeps interactions for operators: %s',
    (_, env, roles, interactions) => {
      const config = load(env);
      expect([...config.operations.tokens.keys()]).toEqual(roles);
      expect(config.interactions !== undefined).toBe(interactions);
    },
  );

  it('reads tokens from files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
    writeFileSync(join(folder, 'token'), `${OPERATOR_TOKEN}\n`);
    const { operations } = load({ OPERATOR_TOKEN_FILE: join(folder, 'token') });
    rmSync(folder, { recursive: true });
    expect(operations.tokens.get('operator')?.export().toString()).toBe(OPERATOR_TOKEN);
  });

  it('prints no token', () => {
    const config = load({ OPERATOR_TOKEN, VIEWER_TOKEN });
    for (const text of [inspect(config, { depth: 9 }), JSON.stringify(config)]) {
      expect(text).not.toContain('token-of');
    }
  });

  const short = 'must have at least 16 characters, such as openssl rand -hex 32 makes.';
  it.each<[Environment, string[]]>([
    [{ OPERATOR_TOKEN: 'x'.repeat(15) }, [`OPERATOR_TOKEN ${short}`]],
    [{ VIEWER_TOKEN: 'x'.repeat(15) }, [`VIEWER_TOKEN ${short}`]],
    [
      { OPERATOR_TOKEN: 'with spaces in between' },
      ['OPERATOR_TOKEN must be printable ASCII without spaces.'],
    ],
    [{ OPERATOR_TOKEN: 'mit-ümlaut-und-mehr' }, ['OPERATOR_TOKEN must be printable ASCII without spaces.']],
    [
      { OPERATOR_TOKEN, VIEWER_TOKEN: OPERATOR_TOKEN },
      ['VIEWER_TOKEN is the same as OPERATOR_TOKEN; viewers would be operators.'],
    ],
    [{ VIEWER_BODIES: 'yes' }, ['VIEWER_BODIES must be one of on, off.']],
    [{ OPERATIONS_PORT: '70000' }, ['OPERATIONS_PORT must be a whole number from 0 to 65535.']],
    [
      { PORT: '3000', OPERATIONS_PORT: '3000' },
      ['OPERATIONS_PORT is the same as PORT; choose another, or leave it out to share PORT.'],
    ],
    [
      { OPERATOR_TOKEN, BASE_PATH: '/api/v1' },
      ["WEBHOOK_PATH is below /api/v1 with its base path, where the operators' API is."],
    ],
    [{ PORT: 'http', OPERATIONS_PORT: '1' }, ['PORT must be a whole number from 0 to 65535.']],
  ])('is refused with what to do: %j', (env, faults) => {
    expect(faultsOf(env)).toEqual(faults);
  });

  it.each<[Environment]>([
    [{ PORT: '0', OPERATIONS_PORT: '0' }],
    [{ BASE_PATH: '/api/v1' }],
    [{ OPERATOR_TOKEN, BASE_PATH: '/api/v10' }],
  ])('is taken: %j', (env) => {
    expect(faultsOf(env)).toEqual([]);
  });
});
