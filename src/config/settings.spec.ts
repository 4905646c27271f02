import { describe, expect, it } from '@jest/globals';

import { AppConfig, type Environment } from './app-config.js';
import { VARIABLES } from './variables.js';

const SECRET = 'never-to-be-shown';

function settingsOf(env: Environment) {
  const { settings } = AppConfig.load({ WEBHOOK_SECRET: 'of-a-test', ...env });
  return new Map(settings.map((setting) => [setting.name, setting]));
}

describe('settings', () => {
  it('has every variable, with what is in effect and what it means', () => {
    const settings = settingsOf({ PORT: '8080' });
    expect([...settings.keys()]).toEqual(Object.keys(VARIABLES));
    expect(settings.get('PORT')).toEqual({
      name: 'PORT',
      value: '8080',
      secret: false,
      set: true,
      default: '3000',
      meaning: VARIABLES.PORT.meaning,
    });
    expect(settings.get('HOST')).toMatchObject({ value: '127.0.0.1', set: false, default: '127.0.0.1' });
    expect(settings.get('FORWARD_URL')).toMatchObject({ value: null, set: false, default: null });
  });

  it('has what an absent variable comes to', () => {
    const settings = settingsOf({ OPERATOR_TOKEN: 'token-of-an-operator', DATA_DIR: '/srv/webhook' });
    expect(settings.get('INTERACTIONS')).toMatchObject({ value: 'on', set: false });
    expect(settings.get('DATABASE_URL')).toMatchObject({
      value: 'sqlite:/srv/webhook/interactions.db',
      set: false,
    });
    expect(settingsOf({}).get('INTERACTIONS')).toMatchObject({ value: 'off', set: false });
    expect(settingsOf({ INTERACTIONS: 'on' }).get('INTERACTIONS')).toMatchObject({ value: 'on', set: true });
  });

  it('never has the value of a secret, whichever variable it is in', () => {
    const env = {
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_SECRET_EMEA_CHAT: SECRET,
      WEBHOOK_API_KEY: SECRET,
      OPERATOR_TOKEN: `${SECRET}-operator`,
      VIEWER_TOKEN: `${SECRET}-viewer`,
      FORWARD_URL: `https://crm.example/hook?key=${SECRET}`,
      FORWARD_SECRET: `whsec_${Buffer.from(`${SECRET}-of-the-forwarding`).toString('base64')}`,
      TRANSCRIPT_BASE_URL: 'https://nexus.example/',
      TRANSCRIPT_API_KEY: SECRET,
      DATABASE_URL: `postgres://service:${SECRET}@db.example:5432/events?sslkey=${SECRET}`,
    };
    const settings = settingsOf(env);
    const text = JSON.stringify([...settings.values()]);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(env.FORWARD_SECRET);
    for (const name of Object.keys(env)) expect([name, settings.get(name)?.set]).toEqual([name, true]);
    expect(settings.get('OPERATOR_TOKEN')).toMatchObject({ value: null, secret: true });
    expect(settings.get('WEBHOOK_SECRET_EMEA_CHAT')).toMatchObject({ value: null, secret: true });
    expect(settings.get('DATABASE_URL')?.value).toBe('postgres://service@db.example:5432/events?…');
    expect(settings.get('FORWARD_URL')?.value).toBe('https://crm.example/hook?…');
  });
});
