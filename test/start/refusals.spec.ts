import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { payload } from '../support/service.js';
import { StartFolder, type Refused } from '../support/start-folder.js';
import { until } from '../support/until.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const UNAVAILABLE = 69;
const IO_ERROR = 74;
const CONFIG = 78;

/** Expects a message and nothing else, where an operator looks for it: no stack, no log. */
function expectRefusal(refused: Refused, code: number, message: string | RegExp): void {
  if (typeof message === 'string') expect(refused.stderr).toBe(`${message}\n`);
  else expect(refused.stderr).toMatch(message);
  expect(refused.stderr).not.toMatch(/^\s*at /m);
  expect(refused.stdout).toBe('');
  expect(refused.code).toBe(code);
}

const lines = (...some: string[]): string => some.join('\n');

describe('a configuration that cannot be used', () => {
  it('is refused in production without a secret, and nothing is made', async () => {
    const refused = await folder.refused({ NODE_ENV: 'production', WEBHOOK_SECRET: undefined });
    const message = lines(
      'The configuration has a fault:',
      '  - WEBHOOK_SECRET is required: no request can be verified without the secret of a channel.',
      'See docs/configuration.md.',
    );
    expectRefusal(refused, CONFIG, message);
    expect(existsSync(`${folder.dataDir}/interactions.db`)).toBe(false);
  });

  it('is refused with everything that is wrong, not just the first', async () => {
    const refused = await folder.refused({
      PORT: '70000',
      BODY_LIMIT: 'much',
      ROLES: 'receiver',
      ALLOWED_IPS: '10.0.0.0/33',
      WEBHOOK_API_KEY_FILE: '/does/not/exist',
    });
    const message = lines(
      'The configuration has 5 faults:',
      '  - WEBHOOK_API_KEY_FILE names /does/not/exist, which cannot be read (ENOENT).',
      '  - PORT must be a whole number from 0 to 65535.',
      '  - ROLES must be one of receive, deliver.',
      '  - BODY_LIMIT must be a size from 1KiB to 64MiB, such as 1MiB.',
      '  - ALLOWED_IPS has "10.0.0.0/33", which is no address or CIDR range.',
      'See docs/configuration.md.',
    );
    expectRefusal(refused, CONFIG, message);
  });

  it('is refused when LISTENERS points at nothing', async () => {
    const refused = await folder.refused({ LISTENERS: './crm.module.js' });
    expectRefusal(
      refused,
      CONFIG,
      /^LISTENERS: \.\/crm\.module\.js is not there \(looked for \/.+crm\.module\.js\)\.\n$/,
    );
    expect(existsSync(`${folder.dataDir}/interactions.db`)).toBe(false);
  });

  it.each([
    ['that is no JavaScript', 'export class {', /^LISTENERS: \.\/crm\.mjs \(.+\) cannot be loaded: .+\n$/],
    [
      'that holds no module',
      'export const a = 1;',
      /^LISTENERS: \.\/crm\.mjs \(.+\) exports no Nest module.+\n$/,
    ],
    ['that throws', "throw new Error('CRM_URL is missing');", /cannot be loaded: CRM_URL is missing\n$/],
  ])('is refused when LISTENERS names a file %s', async (_, source, message) => {
    folder.write('crm.mjs', source);
    expectRefusal(await folder.refused({ LISTENERS: './crm.mjs' }), CONFIG, message);
  });

  it('is refused when two listeners have one name', async () => {
    const source = (name: string): string => `
      import { Module } from '${import.meta.resolve('@nestjs/common')}';
      import { OnInteraction } from '${pathToFileURL('src/index.ts').href}';
      class ${name} { handle() {} }
      OnInteraction({ name: 'crm' })(${name}.prototype, 'handle', Object.getOwnPropertyDescriptor(${name}.prototype, 'handle'));
      export class ${name}Module {}
      Module({ providers: [${name}] })(${name}Module);`;
    folder.write('crm.mjs', source('Crm'));
    folder.write('billing.mjs', source('Billing'));
    const message =
      'Two listeners are named "crm": Crm.handle and Billing.handle. Deliveries are kept by name: give one another.';
    expectRefusal(await folder.refused({ LISTENERS: './crm.mjs,./billing.mjs' }), CONFIG, message);
  });
});

describe('a data folder that cannot be used', () => {
  it.each([
    ['with a secret', {}],
    ['without one', { WEBHOOK_SECRET: undefined }],
    ['in production', { NODE_ENV: 'production' }],
  ])('since a file is in its place is refused, %s', async (_, env) => {
    folder.write('data', 'a file');
    const refused = await folder.refused(env);
    expectRefusal(
      refused,
      IO_ERROR,
      /^.*\/data.* cannot be (opened|used) \((EEXIST|ENOTDIR).+\)\. Check DATA_DIR.+\n$/,
    );
    expect(readFileSync(folder.file('data'), 'utf8')).toBe('a file');
  });

  it('since its database is no database is refused, and left as it is', async () => {
    mkdirSync(folder.dataDir);
    const content = 'This was something else. '.repeat(1_000);
    const database = folder.write('data/interactions.db', content);
    const refused = await folder.refused({});
    expectRefusal(
      refused,
      IO_ERROR,
      /^The store .+interactions\.db cannot be opened \(SQLITE_NOTADB: .+\)\. .+\n$/,
    );
    expect(readFileSync(database, 'utf8')).toBe(content);
  });

  it('since a newer version has written it is refused', async () => {
    await (await folder.start()).end();
    const database = new Database(folder.file('data/interactions.db'));
    database.exec(
      `insert into kysely_migration (name, timestamp) values ('9999-future', '2040-01-01T00:00:00.000Z')`,
    );
    database.close();
    const message = `${folder.dataDir}/interactions.db was written by a newer version of this service. Start that version, or use another DATA_DIR.`;
    expectRefusal(await folder.refused({}), IO_ERROR, message);
  });
});

describe('an address that cannot be listened on', () => {
  let other: Server;
  let port: string;
  beforeEach(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    port = String((other.address() as AddressInfo).port);
  });
  afterEach(() => {
    other.close();
  });

  const taken = (): string => `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or set PORT.`;

  it('since something listens there is refused before the store is made', async () => {
    expectRefusal(await folder.refused({ PORT: port }), UNAVAILABLE, taken());
    expect(existsSync(`${folder.dataDir}/interactions.db`)).toBe(false);
  });

  it('is told apart where it is that of the operators', async () => {
    const message = `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or set OPERATIONS_PORT.`;
    expectRefusal(await folder.refused({ OPERATIONS_PORT: port }), UNAVAILABLE, message);
    expect(existsSync(`${folder.dataDir}/interactions.db`)).toBe(false);
  });

  it('runs no listener and claims nothing: what waited is delivered by the next start', async () => {
    const journal = folder.file('journal');
    const listeners = { LISTENERS: resolve('test/start/journal.module.ts'), JOURNAL: journal };
    const receiver = await folder.start({ ...listeners, ROLES: 'receive' });
    await receiver.post(payload('STARTED', 'waiting'));
    await receiver.end();
    const second = { ...listeners, JOURNAL: folder.file('second'), PORT: port };
    expectRefusal(await folder.refused(second), UNAVAILABLE, taken());
    // The listener opens its journal when it is loaded: it was not even that.
    expect(existsSync(second.JOURNAL)).toBe(false);
    await folder.start(listeners);
    await until(() => readFileSync(journal, 'utf8').includes('done'));
    expect(readFileSync(journal, 'utf8')).toBe('begin waiting journal:1 1\ndone waiting journal:1 1\n');
  });

  it.each(['0', '3999'])('since it is no address of this machine is refused, port %s', async (port) => {
    const refused = await folder.refused({ HOST: '192.0.2.1', PORT: port });
    expectRefusal(
      refused,
      UNAVAILABLE,
      /^Cannot listen on 192\.0\.2\.1 \(.*EADDRNOTAVAIL.*\)\. Check HOST and PORT\.\n$/,
    );
  });

  it('is found out late with port 0, and the data is as good as before', async () => {
    await folder.refused({ HOST: '192.0.2.1', PORT: '0' });
    const database = new Database(folder.file('data/interactions.db'), { readonly: true });
    expect(database.prepare('select count(*) from workers').pluck().get()).toBe(0);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
    const service = await folder.start();
    expect((await service.post(payload())).status).toBe(200);
  });

  it('since no such host is known is refused', async () => {
    const refused = await folder.refused({ HOST: 'no-such-host.invalid' });
    expectRefusal(
      refused,
      UNAVAILABLE,
      /^Cannot listen on .+ \(.*(ENOTFOUND|EAI_AGAIN).*\)\. Check HOST and PORT\.\n$/,
    );
  });
});
