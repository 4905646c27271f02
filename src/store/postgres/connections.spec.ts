import { describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { parseDatabaseUrl, type PostgresDatabase } from '../../config/database.js';
import { connectionOptions } from './connections.js';

/** What pg makes of a URL. */
function parametersOf(url: string): object {
  const options = connectionOptions(parseDatabaseUrl(url) as PostgresDatabase);
  return (new pg.Client(options) as unknown as { connectionParameters: object }).connectionParameters;
}

describe('the parameters of DATABASE_URL', () => {
  it('do not change how long an answer is waited for', () => {
    const own = parametersOf('postgres://user:pass%2Bword@host/db');
    const names = ['query_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'];
    const zero = names.map((name) => `${name}=0`).join('&');
    expect(parametersOf(`postgres://user:pass%2Bword@host/db?${zero}`)).toEqual(own);
    expect(own).toMatchObject({ password: 'pass+word', query_timeout: 12_000 });
  });

  it('say the rest', () => {
    const url = 'postgres:///db?query_timeout=0&host=/run/postgresql&application_name=my+name';
    expect(parametersOf(url)).toMatchObject({
      host: '/run/postgresql',
      database: 'db',
      application_name: 'my name',
      query_timeout: 12_000,
    });
  });
});
