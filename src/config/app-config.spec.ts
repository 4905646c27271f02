import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AppConfig, ConfigError, type Environment } from './app-config.js';
import { sqliteDatabase } from './database.js';

const load = (env: Environment = {}): AppConfig => AppConfig.load({ WEBHOOK_SECRET: 'current', ...env });

/** What is wrong with an environment, one sentence each. */
function faultsOf(env: Environment): readonly string[] {
  try {
    AppConfig.load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** The secrets as text, by channel. */
const secretsOf = ({ secrets }: AppConfig): Record<string, string[]> =>
  Object.fromEntries(
    [...secrets].map(([channel, keys]) => [channel, keys.map((key) => key.export().toString())]),
  );

describe('the configuration', () => {
  it('of nothing but a secret is the one that the contract describes', () => {
    expect(load()).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      basePath: '/nexus/v3',
      webhookPath: '/nexus/v3/some/interactions/webhook/path',
      apiKey: undefined,
      dataDir: resolve('data'),
      database: { engine: 'sqlite', file: resolve('data/interactions.db') },
      migrate: true,
      listeners: [],
      roles: new Set(['receive', 'deliver']),
      unknownValues: 'reject',
      invalidPayloadStatus: 400,
      bodyLimit: 1_048_576,
      allowedIps: undefined,
      trustProxy: [],
      docs: true,
      logLevel: 'info',
      production: false,
    });
  });

  it.each<[Environment, Partial<AppConfig>]>([
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: '65535' }, { port: 65_535 }],
    [
      { BASE_PATH: '/a', WEBHOOK_PATH: '/b/C-1._~' },
      { basePath: '/a', webhookPath: '/a/b/C-1._~' },
    ],
    [
      { DATA_DIR: '/srv/webhook' },
      { dataDir: '/srv/webhook', database: sqliteDatabase('/srv/webhook/interactions.db') },
    ],
    [
      { DATABASE_URL: 'sqlite:./other.db' },
      { dataDir: resolve('data'), database: sqliteDatabase('other.db') },
    ],
    [{ DATABASE_URL: 'sqlite:///srv/other.db' }, { database: sqliteDatabase('/srv/other.db') }],
    [{ LISTENERS: './a.js, @acme/b ,,' }, { listeners: ['./a.js', '@acme/b'] }],
    [{ ROLES: 'receive' }, { roles: new Set(['receive'] as const) }],
    [{ ROLES: ' deliver , deliver' }, { roles: new Set(['deliver'] as const) }],
    [{ UNKNOWN_VALUES: 'accept' }, { unknownValues: 'accept' }],
    [{ INVALID_PAYLOAD_STATUS: '200' }, { invalidPayloadStatus: 200 }],
    [{ BODY_LIMIT: '2048' }, { bodyLimit: 2_048 }],
    [{ BODY_LIMIT: '512KiB' }, { bodyLimit: 524_288 }],
    [{ BODY_LIMIT: '64 mib' }, { bodyLimit: 67_108_864 }],
    [{ MAX_PENDING: '1' }, { maxPending: 1 }],
    [{ TRUST_PROXY: '10.0.0.0/8,::1' }, { trustProxy: ['10.0.0.0/8', '::1'] }],
    [{ DOCS: 'off' }, { docs: false }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
    [{ AUDIT_LOG: 'off' }, { auditLog: false }],
    [{ NODE_ENV: 'production' }, { production: true }],
    [{ NODE_ENV: 'development' }, { production: false }],
    [{ NODE_ENV: 'test' }, { production: false }],
    [{ NODE_ENV: '' }, { production: false }],
    [
      { PORT: '', HOST: '', LISTENERS: '' },
      { port: 3000, host: '127.0.0.1', listeners: [] },
    ],
  ])('takes %p', (env, expected) => {
    expect(load(env)).toMatchObject(expected);
  });

  it('cannot be changed', () => {
    expect(() => Object.assign(load(), { port: 1 })).toThrow(TypeError);
  });
});

const SIZE = 'BODY_LIMIT must be a size from 1KiB to 64MiB, such as 1MiB.';
const PATH = 'must start with "/", not end with it, and use only letters, digits and . _ ~ -.';
const RANGE = 'which is no address or CIDR range.';

describe('a variable that is wrong is named with what it must be:', () => {
  it.each<[string, string, string]>([
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535.'],
    ['PORT', '-1', 'PORT must be a whole number from 0 to 65535.'],
    ['PORT', '3000.5', 'PORT must be a whole number from 0 to 65535.'],
    ['PORT', '0x50', 'PORT must be a whole number from 0 to 65535.'],
    ['PORT', ' 80', 'PORT must be a whole number from 0 to 65535.'],
    ['BASE_PATH', 'nexus', `BASE_PATH ${PATH}`],
    ['BASE_PATH', '/', `BASE_PATH ${PATH}`],
    ['BASE_PATH', '/nexus/', `BASE_PATH ${PATH}`],
    ['BASE_PATH', '/nexus//v3', `BASE_PATH ${PATH}`],
    ['WEBHOOK_PATH', '/web hook', `WEBHOOK_PATH ${PATH}`],
    ['WEBHOOK_PATH', '/:channel', `WEBHOOK_PATH ${PATH}`],
    ['WEBHOOK_PATH', '/*', `WEBHOOK_PATH ${PATH}`],
    ['WEBHOOK_PATH', '/hook?a=1', `WEBHOOK_PATH ${PATH}`],
    ['WEBHOOK_PATH', '/höök', `WEBHOOK_PATH ${PATH}`],
    [
      'DATABASE_URL',
      'mysql://localhost',
      'DATABASE_URL must be sqlite:PATH, such as sqlite:./data/interactions.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    ],
    [
      'DATABASE_URL',
      'sqlite:',
      'DATABASE_URL must be sqlite:PATH, such as sqlite:./data/interactions.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    ],
    ['ROLES', 'receiver', 'ROLES must be one of receive, deliver.'],
    ['ROLES', 'receive,Deliver', 'ROLES must be one of receive, deliver.'],
    ['ROLES', ',', 'ROLES must name at least one of receive, deliver.'],
    ['NODE_ENV', 'prod', 'NODE_ENV must be one of production, development, test.'],
    ['NODE_ENV', 'Production', 'NODE_ENV must be one of production, development, test.'],
    ['UNKNOWN_VALUES', 'yes', 'UNKNOWN_VALUES must be one of reject, accept.'],
    ['INVALID_PAYLOAD_STATUS', '204', 'INVALID_PAYLOAD_STATUS must be one of 400, 200.'],
    ['BODY_LIMIT', '1023', SIZE],
    ['BODY_LIMIT', '65MiB', SIZE],
    ['BODY_LIMIT', '1MB', SIZE],
    ['BODY_LIMIT', '-1', SIZE],
    ['BODY_LIMIT', '1.5MiB', SIZE],
    ['BODY_LIMIT', 'much', SIZE],
    ['MAX_PENDING', '0', 'MAX_PENDING must be a whole number from 1 to 100000.'],
    ['MAX_PENDING', '100001', 'MAX_PENDING must be a whole number from 1 to 100000.'],
    ['ALLOWED_IPS', '10.0.0', `ALLOWED_IPS has "10.0.0", ${RANGE}`],
    ['ALLOWED_IPS', '10.0.0.256', `ALLOWED_IPS has "10.0.0.256", ${RANGE}`],
    ['ALLOWED_IPS', '10.0.0.0/33', `ALLOWED_IPS has "10.0.0.0/33", ${RANGE}`],
    ['ALLOWED_IPS', '10.0.0.0/', `ALLOWED_IPS has "10.0.0.0/", ${RANGE}`],
    ['ALLOWED_IPS', '10.0.0.0/255.0.0.0', `ALLOWED_IPS has "10.0.0.0/255.0.0.0", ${RANGE}`],
    ['ALLOWED_IPS', '10.0.0.0/8/8', `ALLOWED_IPS has "10.0.0.0/8/8", ${RANGE}`],
    ['ALLOWED_IPS', '::1/129', `ALLOWED_IPS has "::1/129", ${RANGE}`],
    ['ALLOWED_IPS', '::1,genesys.example', `ALLOWED_IPS has "genesys.example", ${RANGE}`],
    ['TRUST_PROXY', 'true', `TRUST_PROXY has "true", ${RANGE}`],
    ['TRUST_PROXY', 'loopback', `TRUST_PROXY has "loopback", ${RANGE}`],
    ['TRUST_PROXY', '0.0.0.0/0', 'TRUST_PROXY has "0.0.0.0/0", which would believe everybody.'],
    ['TRUST_PROXY', '::/0', 'TRUST_PROXY has "::/0", which would believe everybody.'],
    ['DOCS', 'true', 'DOCS must be one of on, off.'],
    ['LOG_LEVEL', 'INFO', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent.'],
    ['AUDIT_LOG', '1', 'AUDIT_LOG must be one of on, off.'],
    ['WEBHOOK_SECRET', ' , ', 'WEBHOOK_SECRET is set but empty.'],
    ['WEBHOOK_SECRET_EMEA', ',', 'WEBHOOK_SECRET_EMEA is set but empty.'],
  ])('%s=%s', (name, value, fault) => {
    expect(faultsOf({ WEBHOOK_SECRET: 'current', [name]: value })).toEqual([fault]);
  });

  it('every entry of a list that is wrong', () => {
    expect(faultsOf({ WEBHOOK_SECRET: 'current', ALLOWED_IPS: 'a,10.0.0.1,b' })).toEqual([
      `ALLOWED_IPS has "a", ${RANGE}`,
      `ALLOWED_IPS has "b", ${RANGE}`,
    ]);
  });

  it('all variables in one message', () => {
    const env = { PORT: 'x', ROLES: 'x', DOCS: 'x', ALLOWED_IPS: 'x', BASE_PATH: 'x', DATABASE_URL: 'x' };
    const load = (): AppConfig => AppConfig.load(env);
    expect(load).toThrow(
      [
        'The configuration has 7 faults:',
        `  - BASE_PATH ${PATH}`,
        '  - PORT must be a whole number from 0 to 65535.',
        '  - DATABASE_URL must be sqlite:PATH, such as sqlite:./data/interactions.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
        '  - ROLES must be one of receive, deliver.',
        `  - ALLOWED_IPS has "x", ${RANGE}`,
        '  - DOCS must be one of on, off.',
        '  - WEBHOOK_SECRET is required: no request can be verified without the secret of a channel.',
        'See docs/configuration.md.',
      ].join('\n'),
    );
  });

  it('a single one as such', () => {
    expect(() => load({ PORT: 'x' })).toThrow(
      'The configuration has a fault:\n  - PORT must be a whole number from 0 to 65535.\nSee docs/configuration.md.',
    );
  });
});

describe('the secrets', () => {
  const required = 'WEBHOOK_SECRET is required: no request can be verified without the secret of a channel.';

  it('are required of whoever receives', () => {
    expect(faultsOf({})).toEqual([required]);
    expect(faultsOf({ WEBHOOK_SECRET: '' })).toEqual([required]);
    expect(faultsOf({ ROLES: 'receive' })).toEqual([required]);
    expect(faultsOf({ ROLES: 'deliver' })).toEqual([]);
  });

  it('of a channel are its current one, then older ones', () => {
    expect(secretsOf(load({ WEBHOOK_SECRET: 'current, older ,oldest,' }))).toEqual({
      default: ['current', 'older', 'oldest'],
    });
  });

  it('belong to the channel that the variable names', () => {
    const env = { WEBHOOK_SECRET_EMEA_CHAT: 'a,b', WEBHOOK_SECRET_2: 'c', WEBHOOK_SECRET_E__X: 'd' };
    expect(secretsOf(load(env))).toEqual({
      default: ['current'],
      'emea-chat': ['a', 'b'],
      '2': ['c'],
      'e--x': ['d'],
    });
  });

  it('of a named channel are enough', () => {
    expect(secretsOf(AppConfig.load({ WEBHOOK_SECRET_EMAIL: 'x' }))).toEqual({ email: ['x'] });
  });

  it('of a channel that is set to nothing are none', () => {
    expect(secretsOf(load({ WEBHOOK_SECRET_EMAIL: '' }))).toEqual({ default: ['current'] });
  });

  it('can have any characters but a comma', () => {
    expect(secretsOf(load({ WEBHOOK_SECRET: 'pässwörd "quoted" $(x) \u{1f511}' })).default).toEqual([
      'pässwörd "quoted" $(x) \u{1f511}',
    ]);
  });

  it('of the channel default have one variable alone', () => {
    expect(faultsOf({ WEBHOOK_SECRET: 'a', WEBHOOK_SECRET_DEFAULT: 'b' })).toEqual([
      'WEBHOOK_SECRET_DEFAULT names the channel of the plain path; use WEBHOOK_SECRET.',
    ]);
  });

  it('of a channel that nobody could name are not passed over in silence', () => {
    const reason = 'names no channel: use A-Z, 0-9 and _ alone.';
    expect(faultsOf({ WEBHOOK_SECRET: 'a', WEBHOOK_SECRET_emea: 'b' })).toEqual([
      `WEBHOOK_SECRET_emea ${reason}`,
    ]);
    expect(faultsOf({ WEBHOOK_SECRET: 'a', 'WEBHOOK_SECRET_EMEA-CHAT': 'b' })).toEqual([
      `WEBHOOK_SECRET_EMEA-CHAT ${reason}`,
    ]);
  });

  it('are printed by nothing that prints the configuration', () => {
    const secret = 'very-confidential';
    const config = load({ WEBHOOK_SECRET: secret, WEBHOOK_SECRET_EMEA: secret, WEBHOOK_API_KEY: secret });
    expect(secretsOf(config).emea).toEqual([secret]);
    const printed = [
      inspect(config, { depth: Infinity, showHidden: true }),
      JSON.stringify(config),
      JSON.stringify([...config.secrets]),
      inspect(config.apiKey, { showHidden: true }),
      inspect({ config }),
    ].join('\n');
    expect(printed).toContain('webhookPath');
    expect(printed).not.toContain(secret);
    expect(printed).not.toContain(Buffer.from(secret).toString('hex'));
    expect(printed).not.toContain(Buffer.from(secret).toString('base64'));
  });

  it('are quoted in no fault', () => {
    const secret = 'very-confidential';
    const faults = faultsOf({
      WEBHOOK_SECRET: secret,
      WEBHOOK_SECRET_FILE: '/does/not/exist',
      WEBHOOK_SECRET_emea: secret,
      WEBHOOK_SECRET_DEFAULT: secret,
      WEBHOOK_API_KEY: secret,
      WEBHOOK_API_KEY_FILE: '/does/not/exist',
    });
    expect(faults.length).toBeGreaterThan(2);
    expect(faults.join()).not.toContain(secret);
  });
});

describe('a variable that names a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const path = join(folder, 'value');
    writeFileSync(path, content);
    return path;
  };

  it.each([
    ['nothing', 'secret'],
    ['a line end', 'secret\n'],
    ['a line end of Windows', 'secret\r\n'],
  ])('is what the file holds, followed by %s', (_, content) => {
    expect(secretsOf(AppConfig.load({ WEBHOOK_SECRET_FILE: file(content) }))).toEqual({
      default: ['secret'],
    });
    expect(
      load({ WEBHOOK_API_KEY_FILE: file(content) })
        .apiKey?.export()
        .toString(),
    ).toBe('secret');
  });

  it('is known for every variable, and for every channel', () => {
    expect(load({ PORT_FILE: file('8080\n') }).port).toBe(8_080);
    expect(secretsOf(load({ WEBHOOK_SECRET_EMEA_FILE: file('a,b\n') })).emea).toEqual(['a', 'b']);
  });

  it('is checked like the variable itself', () => {
    expect(faultsOf({ WEBHOOK_SECRET: 'a', PORT_FILE: file('x') })).toEqual([
      'PORT must be a whole number from 0 to 65535.',
    ]);
    expect(faultsOf({ WEBHOOK_SECRET_FILE: file(',\n') })).toEqual(['WEBHOOK_SECRET is set but empty.']);
  });

  it.each(['WEBHOOK_SECRET', 'WEBHOOK_API_KEY', 'WEBHOOK_SECRET_EMEA', 'PORT'])(
    'is refused beside %s itself',
    (name) => {
      const env = { WEBHOOK_SECRET: 'a', [name]: '1', [`${name}_FILE`]: file('2') };
      expect(faultsOf(env)).toEqual([`${name} and ${name}_FILE are both set; keep one.`]);
    },
  );

  it('is refused when the file cannot be read, whose content then is no matter', () => {
    expect(faultsOf({ WEBHOOK_SECRET_FILE: join(folder, 'missing') })).toEqual([
      `WEBHOOK_SECRET_FILE names ${folder}/missing, which cannot be read (ENOENT).`,
    ]);
    expect(faultsOf({ WEBHOOK_SECRET: 'a', PORT_FILE: folder })).toEqual([
      `PORT_FILE names ${folder}, which cannot be read (EISDIR).`,
    ]);
  });

  it('is passed over when it is empty', () => {
    expect(load({ PORT_FILE: '', PORT: '1' }).port).toBe(1);
  });
});

describe('the addresses that may call', () => {
  const allows = (allowed: string, ip: string): boolean | undefined =>
    load({ ALLOWED_IPS: allowed }).allowedIps?.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4');

  it.each([
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.128/25', '10.1.2.127', false],
    ['10.1.2.128/25', '10.1.2.128', true],
    ['10.1.2.3/32', '10.1.2.3', true],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::1', '::1', true],
    ['10.0.0.0/8, 192.0.2.7 ,::1', '192.0.2.7', true],
    ['10.0.0.0/8,192.0.2.7,::1', '192.0.2.8', false],
  ])('are %s: %s is one of them: %p', (allowed, ip, verdict) => {
    expect(allows(allowed, ip)).toBe(verdict);
  });
});
