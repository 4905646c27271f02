import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Check } from '../../src/cli/doctor/check.js';
import type { Environment } from '../../src/config/app-config.js';
import { TestService } from '../support/service.js';
import { cli, Folder, OtherServer, urlOf } from './command-line.js';

const LONG = 'a-secret-of-more-than-sixteen-characters';

describe('doctor', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  const run = (args: readonly string[] = [], env: Environment = {}) =>
    cli(['doctor', ...args], { cwd: folder.path, env: { DATA_DIR: folder.file('data'), PORT: '0', ...env } });

  /** The checks of one name, with `--json`. */
  async function checks(name: string, env: Environment = {}, args: readonly string[] = []): Promise<Check[]> {
    const { stdout } = await run(['--json', ...args], env);
    return (JSON.parse(stdout) as { checks: Check[] }).checks.filter((check) => check.name === name);
  }

  it('finds nothing wrong before the first start, and makes nothing', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^✔ node {11}Node \d+\.\d+\.\d+\.\n✔ configuration {2}Read from the environment, without a fault\./,
    );
    expect(stdout).not.toMatch(/^[✖!]/m);
    expect(await checks('data folder')).toMatchObject([
      { state: 'ok', told: expect.stringContaining('not there yet') },
    ]);
  });

  it('names every fault of the configuration, without a value, and ends with 1', async () => {
    const env = { NODE_ENV: 'production', PORT: 'x', OPERATOR_TOKEN: 'short', BODY_LIMIT: '1' };
    const { code, stdout } = await run([], env);
    expect(code).toBe(1);
    const faults = stdout.match(/(?<=^✖ configuration {2})[A-Z_]+/gm);
    expect(faults?.toSorted()).toEqual(['BODY_LIMIT', 'OPERATOR_TOKEN', 'PORT', 'WEBHOOK_SECRET']);
    expect(stdout).not.toContain('short');
    expect(stdout).toContain('- other checks   Set the configuration right first.');
  });

  it('reads .env as the service does, and names what the service does not know in it', async () => {
    writeFileSync(folder.file('.env'), `WEBHOOK_SECRET=${LONG}\nWEBHOK_PATH=/x\nOPERATOR_TOKEN_FILE=\n`, {
      mode: 0o600,
    });
    expect(await checks('configuration')).toMatchObject([
      { state: 'ok', told: expect.stringContaining('.env, without a fault') },
      { state: 'warning', told: expect.stringContaining('has WEBHOK_PATH, which the service does not know') },
    ]);
  });

  it('warns of what works and is not safe', async () => {
    const env = { WEBHOOK_SECRET: LONG, WEBHOOK_SECRET_EMEA: 'short', HOST: '0.0.0.0' };
    const found = (await checks('configuration', env)).slice(1);
    expect(found).toMatchObject([
      { state: 'warning', told: expect.stringMatching(/^A secret of the channel "emea" has fewer/) },
      { state: 'warning', told: expect.stringContaining('NODE_ENV is not "production"') },
    ]);
    expect(await run([], env)).toMatchObject({ code: 0 });
  });

  it('finds who else can read or write what is secret', async () => {
    mkdirSync(folder.file('data'), { mode: 0o700 });
    for (const [name, mode] of [
      ['webhook-secret', 0o644],
      ['operator-token', 0o640],
      ['given', 0o666],
    ] as const) {
      writeFileSync(folder.file(`data/${name}`), LONG);
      chmodSync(folder.file(`data/${name}`), mode);
    }
    chmodSync(folder.file('data'), 0o755);
    const env = { VIEWER_TOKEN_FILE: folder.file('data/given') };
    expect(await checks('permissions', env)).toMatchObject([
      { state: 'warning', told: expect.stringMatching(/data can be read by others \(mode 755\)/) },
      { state: 'fault', told: expect.stringMatching(/webhook-secret can be read by everybody/) },
      { state: 'warning', told: expect.stringMatching(/operator-token can be read by its group/) },
      { state: 'fault', told: expect.stringMatching(/VIEWER_TOKEN_FILE names, can be written by everybody/) },
    ]);
    expect(await run([], env)).toMatchObject({ code: 1 });
  });

  it('finds a data folder that is none, or that cannot be written', async () => {
    writeFileSync(folder.file('data'), '');
    expect(await checks('data folder')).toMatchObject([
      { state: 'fault', told: expect.stringContaining('is not a folder') },
    ]);
    // Nobody can write there, root neither.
    expect(await checks('data folder', { DATA_DIR: '/proc/data' })).toMatchObject([
      { state: 'fault', told: expect.stringMatching(/cannot be made: \/proc cannot be written/) },
    ]);
  });

  it('tells what the schema of the store is, and changes nothing in it', async () => {
    const service = await TestService.start({ DATA_DIR: folder.file('data') });
    const used = await checks('store');
    await service.stop();
    expect(used).toMatchObject([
      {
        state: 'ok',
        told: expect.stringMatching(/opens \(SQLite 3\..*\); its schema is up to date \(\d{4}-/),
      },
    ]);
    const store = new Database(folder.file('data/interactions.db'));
    store.exec("insert into kysely_migration (name, timestamp) values ('9999-tomorrow', '2999')");
    expect(await checks('store')).toMatchObject([
      { state: 'fault', told: expect.stringContaining('newer version: it has 9999-tomorrow') },
    ]);
    store.exec("delete from kysely_migration where name >= '0003'");
    const older = { state: 'warning', told: expect.stringMatching(/schema is at 0002-listeners, and 0003-/) };
    expect(await checks('store')).toMatchObject([older]);
    expect(await checks('store', { MIGRATE: 'off' })).toMatchObject([{ ...older, state: 'fault' }]);
    store.close();
    writeFileSync(folder.file('data/interactions.db'), 'no database at all');
    expect(await checks('store')).toMatchObject([
      { state: 'fault', told: expect.stringContaining('does not open (SQLITE_NOTADB)') },
    ]);
  });

  it('compares the clock with that of a server', async () => {
    let minutes: number | undefined = 0;
    const server = await OtherServer.start((_request, response) => {
      response.sendDate = false;
      const date =
        minutes === undefined ? {} : { date: new Date(Date.now() + minutes * 60_000).toUTCString() };
      response.writeHead(404, date).end();
    });
    const clock = (): Promise<Check[]> => checks('clock', {}, ['--clock', server.url]);
    const right = await clock();
    minutes = -30;
    const wrong = await clock();
    minutes = undefined;
    const silent = await clock();
    await server.stop();
    const gone = await clock();
    expect(right).toMatchObject([{ state: 'ok' }]);
    expect(wrong).toMatchObject([
      { state: 'fault', told: expect.stringMatching(/^Is (29 min 5\d s|30 min.*) ahead of that of/) },
    ]);
    expect(silent).toMatchObject([{ state: 'warning', told: expect.stringContaining('has no Date header') }]);
    expect(gone).toMatchObject([{ state: 'warning', told: expect.stringContaining('ECONNREFUSED') }]);
  });

  it.each([
    ['--public-url', 'ftp://host'],
    ['--clock', 'noon'],
  ])('ends with 2 on %s %s', async (...args) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('doctor, where a service runs,', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());

  async function checks(name: string, env: Environment, args: readonly string[] = []): Promise<Check[]> {
    const { stdout } = await cli(['doctor', '--json', ...args], {
      env: { WEBHOOK_SECRET: LONG, DATA_DIR: service.dataDir, PORT: '0', ...env },
    });
    return (JSON.parse(stdout) as { checks: Check[] }).checks.filter((check) => check.name === name);
  }

  it('finds it ready on its port, and tells it from something else that listens there', async () => {
    expect(await checks('port', { PORT: String(service.port) })).toMatchObject([
      { state: 'ok', told: `The service answers at http://127.0.0.1:${service.port}, and is ready.` },
    ]);
    const other = await OtherServer.start((_request, response) => response.end('hello'));
    const found = await checks('port', { PORT: new URL(other.url).port });
    await other.stop();
    expect(found).toMatchObject([
      { state: 'fault', told: expect.stringContaining('does not answer as the service does') },
    ]);
  });

  const publicUrl = (url: string): Promise<Check[]> => checks('public URL', {}, ['--public-url', url]);

  it('is refused by its own 401 at the public address, stores nothing there, and compares the clock', async () => {
    for (const url of [urlOf(service.port), urlOf(service.port, '')]) {
      expect(await publicUrl(url)).toMatchObject([
        {
          state: 'ok',
          told: expect.stringMatching(
            `^${urlOf(service.port)} refuses a wrong signature as the service does`,
          ),
        },
      ]);
    }
    const [receipts] = await service.store.query(
      service.store.builder.selectFrom('receipts').select((eb) => eb.fn.countAll<number>().as('count')),
    );
    expect(receipts).toEqual({ count: 0 });
    const clock = await checks('clock', {}, ['--public-url', urlOf(service.port)]);
    expect(clock).toMatchObject([{ state: 'ok' }]);
  });

  it('finds a path that is not the webhook', async () => {
    expect(await publicUrl(urlOf(service.port, '/elsewhere'))).toMatchObject([
      {
        state: 'fault',
        told: expect.stringContaining('answers 404: nothing is served there'),
        todo: expect.stringContaining('WEBHOOK_PATH'),
      },
    ]);
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['takes anything', 200, {}, 'verifies nothing'],
    [
      'redirects',
      301,
      { location: 'https://hooks.example/' },
      'a redirect to https://hooks.example/. A sender of webhooks follows none',
    ],
    ['asks for a sign-in of its own', 401, {}, 'it is not the service that does'],
    ['does not reach the service', 502, {}, 'the proxy does not reach the service'],
    ['blocks it', 403, {}, 'answers 403 to a wrong signature, instead of 401'],
  ])('finds what is in between when that %s', async (_, status, headers, told) => {
    const server = await OtherServer.start((_request, response) => response.writeHead(status, headers).end());
    const found = await publicUrl(server.url);
    await server.stop();
    expect(found).toMatchObject([{ state: 'fault', told: expect.stringContaining(told) }]);
  });

  it('says why a public address is not reached', async () => {
    expect(await publicUrl('http://127.0.0.1:1/')).toMatchObject([
      { state: 'fault', told: expect.stringContaining('nothing listens there (ECONNREFUSED)') },
    ]);
    expect(await publicUrl('http://no-such-host.invalid/')).toMatchObject([
      { state: 'fault', told: expect.stringMatching(/its name is not known to DNS|DNS does not answer/) },
    ]);
    expect(await publicUrl(`https://127.0.0.1:${service.port}/`)).toMatchObject([
      { state: 'fault', told: expect.stringContaining('it does not speak TLS there') },
    ]);
  });

  it('gives up on a port where nothing speaks HTTP', async () => {
    const silent: Server = createServer((socket) => void socket.resume().end('SSH-2.0\r\n'));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const found = await checks('port', { PORT: String(port) });
    await new Promise((resolve) => silent.close(resolve));
    expect(found).toMatchObject([{ state: 'fault' }]);
  });

  it('prints no secret', async () => {
    const env = {
      WEBHOOK_SECRET: LONG,
      OPERATOR_TOKEN: `${LONG}-token`,
      DATABASE_URL: 'postgres://user:pass-word@127.0.0.1:1/db',
    };
    const { stdout } = await cli(['doctor'], { env });
    expect(stdout).toContain('postgres://user@127.0.0.1:1/db does not open (ECONNREFUSED)');
    expect(stdout).not.toMatch(/a-secret-of|pass-word/);
  });
});
