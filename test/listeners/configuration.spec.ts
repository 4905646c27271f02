import { describe, expect, it } from '@jest/globals';

import { AppConfig, ConfigError, type Environment } from '../../src/config/app-config.js';

const SECRET = `whsec_${'A'.repeat(32)}`;

const load = (env: Environment): AppConfig => AppConfig.load({ WEBHOOK_SECRET: 'x', ...env });

/** What is wrong with an environment, one sentence each. */
function faultsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the listeners that ship', () => {
  it('are off until they are configured, but for the audit log', () => {
    expect(load({})).toMatchObject({
      auditLog: true,
      interactions: undefined,
      forward: undefined,
      transcript: undefined,
    });
  });

  it('are set up by their variables', () => {
    const config = load({
      INTERACTIONS: 'on',
      INTERACTIONS_STUCK_AFTER: '60',
      FORWARD_URL: 'https://CRM.example/events',
      FORWARD_SECRET: `${SECRET},${SECRET}`,
      FORWARD_ALLOWED_HOSTS: 'Crm.Example:443',
      TRANSCRIPT_BASE_URL: 'https://nexus.example/proxy',
      TRANSCRIPT_API_KEY: 'key',
      TRANSCRIPT_ALLOWED_HOSTS: 'a.example:80, b.example:8443,2130706433',
      TRANSCRIPT_ALLOW_PRIVATE: 'on',
    });
    expect(config.interactions).toEqual({ stuckAfterMs: 60_000 });
    expect(config.forward?.url).toBe('https://crm.example/events');
    expect(config.forward?.secrets.map((secret) => secret.export().length)).toEqual([24, 24]);
    expect(config.transcript).toMatchObject({ baseUrl: 'https://nexus.example/proxy/', allowPrivate: true });
    expect([...(config.transcript?.allowedHosts ?? [])]).toEqual([
      'nexus.example',
      'a.example',
      'b.example:8443',
      '127.0.0.1',
    ]);
  });

  const url = 'must be a URL such as https://host/path, without credentials and without #.';
  const secret = 'FORWARD_SECRET must be whsec_ and 24 to 64 random bytes in base64.';
  it.each<[Environment, string]>([
    [{ INTERACTIONS: 'yes' }, 'INTERACTIONS must be one of on, off.'],
    [
      { INTERACTIONS_STUCK_AFTER: '0' },
      'INTERACTIONS_STUCK_AFTER must be a whole number from 1 to 31536000.',
    ],
    [{ FORWARD_URL: 'crm.example' }, `FORWARD_URL ${url}`],
    [{ FORWARD_URL: 'ftp://crm.example' }, `FORWARD_URL ${url}`],
    [{ FORWARD_URL: 'https://user:pass@crm.example' }, `FORWARD_URL ${url}`],
    [
      { FORWARD_URL: 'https://crm.example' },
      'FORWARD_SECRET is required with FORWARD_URL: what is not signed proves nothing.',
    ],
    [{ FORWARD_SECRET: 'secret' }, secret],
    [{ FORWARD_SECRET: `whsec_${'A'.repeat(28)}` }, secret],
    [{ FORWARD_SECRET: `whsec_${'A'.repeat(88)}` }, secret],
    [{ FORWARD_SECRET: `${SECRET},short` }, secret],
    [
      {
        FORWARD_URL: 'https://crm.example:8443',
        FORWARD_SECRET: SECRET,
        FORWARD_ALLOWED_HOSTS: 'crm.example',
      },
      'FORWARD_URL has the host crm.example:8443, which FORWARD_ALLOWED_HOSTS does not list.',
    ],
    [
      { FORWARD_ALLOWED_HOSTS: 'https://crm.example' },
      'FORWARD_ALLOWED_HOSTS must be hosts, such as crm.example or crm.example:8443.',
    ],
    [
      { TRANSCRIPT_ALLOWED_HOSTS: 'user@nexus.example' },
      'TRANSCRIPT_ALLOWED_HOSTS must be hosts, such as crm.example or crm.example:8443.',
    ],
    [{ TRANSCRIPT_BASE_URL: '/nexus' }, `TRANSCRIPT_BASE_URL ${url}`],
    [{ TRANSCRIPT_BASE_URL: 'https://nexus.example/?a=1' }, 'TRANSCRIPT_BASE_URL must have no query.'],
    [{ TRANSCRIPT_API_KEY: 'a\nb' }, 'TRANSCRIPT_API_KEY must be printable ASCII without spaces.'],
    [{ TRANSCRIPT_ALLOW_PRIVATE: 'true' }, 'TRANSCRIPT_ALLOW_PRIVATE must be one of on, off.'],
  ])('%j is refused', (env, fault) => {
    expect(faultsOf(env)).toEqual([fault]);
  });

  it('have their faults listed with all others', () => {
    const faults = faultsOf({ PORT: 'x', INTERACTIONS: 'x', FORWARD_URL: 'x', TRANSCRIPT_BASE_URL: 'x' });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'PORT',
      'INTERACTIONS',
      'FORWARD_URL',
      'TRANSCRIPT_BASE_URL',
    ]);
  });

  it('print no secret', () => {
    const config = load({
      FORWARD_URL: 'https://crm.example',
      FORWARD_SECRET: SECRET,
      TRANSCRIPT_BASE_URL: 'https://nexus.example',
      TRANSCRIPT_API_KEY: 'very-confidential',
    });
    const printed = JSON.stringify(config);
    expect(printed).toContain('crm.example');
    expect(printed).not.toContain('AAAA');
    expect(printed).not.toContain('very-confidential');
  });
});
