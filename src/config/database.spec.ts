import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { AppConfig } from './app-config.js';
import { databaseName, parseDatabaseUrl } from './database.js';

const PASSWORD = 'p%40ss-word';

describe('DATABASE_URL', () => {
  it.each([
    [`postgres://user:${PASSWORD}@host:5433/db`, 'postgres://user@host:5433/db'],
    [`postgresql://user:${PASSWORD}@host/db?sslmode=require`, 'postgres://user@host/db'],
    [`postgres://user:${PASSWORD}@[::1]/db`, 'postgres://user@[::1]/db'],
    ['postgres://host/db', 'postgres://host/db'],
    [`postgres:///db?host=/run/postgresql&password=${PASSWORD}`, 'postgres:///db'],
  ])('%s is PostgreSQL, and shown without its password', (url, name) => {
    const database = parseDatabaseUrl(url);
    expect(database).toMatchObject({ engine: 'postgres', name });
    expect(databaseName(database)).toBe(name);
    for (const shown of [inspect(database, { depth: 9, showHidden: true }), JSON.stringify(database)]) {
      expect(shown).not.toContain(PASSWORD);
    }
  });

  it.each([
    ['a password with a character that ends it', 'postgres://user:pass#word@host/db'],
    ['a password that is half encoded', 'postgres://user:pass%zzword@host/db'],
    ['a port that is none', 'postgres://user:password@host:port/db'],
    ['another database', 'mysql://user:password@host/db'],
    ['nothing behind the colon', 'postgres:'],
  ])('is refused with %s, in words that do not repeat it', (_, url) => {
    const load = (): unknown => AppConfig.load({ WEBHOOK_SECRET: 'secret', DATABASE_URL: url });
    expect(load).toThrow('DATABASE_URL must be sqlite:PATH');
    expect(load).not.toThrow('pass%zzword');
    expect(load).not.toThrow('user:pass');
  });
});
