import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { ON_INTERACTION, OnInteraction } from '../../src/events/on-interaction.decorator.js';
import { sign } from '../../src/webhook/signature.js';
import { PATH, payload } from '../support/service.js';
import { until } from '../support/until.js';
import { freePort } from '../support/free-port.js';
import { Folder, type Command } from './checkout.js';
import { Crm } from './crm.js';
import { blockOf, blocksOf, commandsOf } from './markdown.js';

const LISTENERS = 'docs/listeners.md';
const OPERATIONS = 'docs/operations.md';
const TSCONFIG = blockOf('README.md', 'listeners/tsconfig.json');
const SECRET = 'docs-secret';
const SLOW_MS = 120_000;
/** What most tests here take: each starts processes. */
const run = (name: string, test: () => Promise<void>): void => it(name, test, SLOW_MS);

const crm = new Crm();
let folder: Folder;
let port: number;
let service: Command;

/** One copy of the checkout for all pages, built once, with every file of the guide for listeners. */
beforeAll(async () => {
  port = await freePort();
  folder = Folder.checkout({
    PORT: String(port),
    CRM_URL: await crm.start(),
    WEBHOOK_SECRET: SECRET,
    WEBHOOK_SECRET_EMEA_CHAT: SECRET,
  });
  await folder.run('npm run build');
  folder.write('listeners/tsconfig.json', TSCONFIG);
  for (const { name, code } of blocksOf(LISTENERS))
    if (name.startsWith('listeners/')) folder.write(name, code);
}, SLOW_MS);
afterAll(async () => {
  await folder.remove();
  await crm.stop();
}, SLOW_MS);

async function post(body: object, { channel = '', traceId = '' } = {}): Promise<number> {
  const bytes = Buffer.from(JSON.stringify(body));
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}${channel && `/${channel}`}`, {
    method: 'POST',
    body: bytes,
    headers: {
      'content-type': 'application/json',
      'x-hub-signature': sign(createSecretKey(SECRET, 'utf8'), bytes),
      ...(traceId && { 'x-b3-traceid': traceId }),
    },
  });
  return answer.status;
}

describe('the guide for listeners', () => {
  const [compile = '', start = '', runTests = '', ...others] = commandsOf(LISTENERS);
  const event = (type: string, entity: object): object => ({ data: { entities: [{ event: type, entity }] } });

  it('has no block and no command but those that are tried here', () => {
    const named = blocksOf(LISTENERS).filter(({ language }) => language !== 'sh' && language !== 'console');
    expect(named.map(({ name }) => name)).toEqual([
      'listeners/case.module.ts',
      'listeners/mail.module.ts',
      'listeners/ledger.module.ts',
      'package.json',
      'listeners/plain/index.js',
      'line.json',
      'listeners/case.test.ts',
    ]);
    expect(others).toEqual([]);
  });

  it('names every option with its default', () => {
    const method = { value: () => undefined };
    OnInteraction({ name: 'any' })({}, 'any', method);
    const { options } = Reflect.getMetadata(ON_INTERACTION, method.value) as {
      options: Record<string, string | number>;
    };
    const rows = readFileSync(LISTENERS, 'utf8').matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|.*$/gm);
    const documented = [...rows].filter(([, name = '']) => name in options);
    expect(documented.map(([, name, value]) => [name, value])).toEqual(
      Object.entries(options).map(([name, value]) => [
        name,
        typeof value === 'string' ? `'${value}'` : `${value}`,
      ]),
    );
  });

  run('has listeners that compile and load', async () => {
    await folder.run(compile);
    service = folder.start(start);
    await service.printed(/Listening on/);
  });

  it('hands the event to the whole one, whose line in the log has the fields that are shown', async () => {
    expect(await post(payload('FINISHED', 'one'), { traceId: '463ac35c9f6413ad' })).toBe(200);
    const [line] = await service.printed(/^.*"Case one is closed".*$/m);
    const { time, seq, msg, ...same } = JSON.parse(blockOf(LISTENERS, 'line.json')) as Record<
      string,
      unknown
    >;
    expect(JSON.parse(line)).toEqual({
      ...same,
      time: expect.any(String),
      seq: expect.any(Number),
      msg: 'Case one is closed',
    });
    expect([typeof time, typeof seq, typeof msg]).toEqual(['string', 'number', 'string']);
    expect(crm.requests).toEqual([
      { path: '/cases/one/close', key: expect.stringMatching(/^close-case:\d+$/) },
    ]);
  });

  it('tries again what asks for it, with the same key, and gives up what is permanent', async () => {
    crm.answers.set('busy', [429]);
    await post(payload('FINISHED', 'busy'));
    await service.printed(/"Case busy is closed"/);
    const [first, second] = crm.requests.filter(({ path }) => path.includes('busy'));
    expect(second).toEqual(first);
    crm.answers.set('8e09e19f', [410]);
    await post(payload('FINISHED', '8e09e19f'));
    await service.printed(/close-case gave up on event \d+: it is a dead letter/);
  });

  it('filters as the second one says', async () => {
    await post(event('STARTED', { id: 'chat', mediaType: 'chat', interactionSubtype: 'SMS' }));
    await post(event('STARTED', { id: 'mail', mediaType: 'email' }));
    await post(event('FINISHED', { id: 'sms', interactionSubtype: 'SMS' }), { channel: 'emea-chat' });
    await service.printed(/"listener":"mail-opened".*"Opened mail"/);
    await service.printed(/"listener":"messages".*"Message sms FINISHED"/);
    expect(service.output).not.toMatch(/Message chat|Opened (chat|sms)/);
  });

  run('refuses to compile a filter that is misspelt', async () => {
    const mail = blockOf(LISTENERS, 'listeners/mail.module.ts');
    folder.write('typo/tsconfig.json', TSCONFIG);
    folder.write('typo/mail.module.ts', mail.replace("event: 'STARTED'", "event: 'STARTD'"));
    await expect(folder.run('npx tsc --noEmit -p typo')).rejects.toThrow(/'"STARTD"' is not assignable/);
  });

  run('has a test that passes', async () => {
    expect(await folder.run(runTests)).toMatch(/pass 3\n.*fail 0/s);
  });
});

describe('the guide for operators', () => {
  const commands = commandsOf(OPERATIONS);
  const database = (): Database.Database => new Database(join(folder.path, 'data/interactions.db'));
  const query = (name: string): Record<string, unknown>[] => {
    const sqlite = database();
    const rows = sqlite.prepare<[], Record<string, unknown>>(blockOf(OPERATIONS, name)).all();
    sqlite.close();
    return rows;
  };

  it('has no block and no command but those that are tried here', () => {
    const named = blocksOf(OPERATIONS).filter(({ language }) => language !== 'sh' && language !== 'console');
    expect(named.map(({ name }) => name)).toEqual([
      'interactions-webhook.service',
      'events.sql',
      'deliveries.sql',
      'listeners.sql',
      'attempts.sql',
      'quarantine.sql',
      'dead.sql',
      'remove.sql',
      'main.ts',
    ]);
    expect(commands).toHaveLength(2);
  });

  it('starts the service with the flags of npm start', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const line = `node_modules/.bin/${scripts['start']}`;
    expect(commands[0]).toBe(line);
    expect(blockOf(OPERATIONS, 'interactions-webhook.service')).toContain(
      `ExecStart=/opt/interactions-webhook/${line}\n`,
    );
  });

  it('finds an event that somebody misses', async () => {
    expect(await post({ data: { entities: [{ event: 'TELEX', entity: { id: '8e09e19f' } }] } })).toBe(400);
    expect(query('events.sql')).toEqual([expect.objectContaining({ type: 'FINISHED', late: 0 })]);
    expect(query('deliveries.sql')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ listener: 'close-case', state: 'dead', attempt: 1 }),
        expect.objectContaining({ listener: 'audit-log', state: 'done', attempt: 1 }),
      ]),
    );
    expect(query('attempts.sql')).toEqual([
      expect.objectContaining({ outcome: 'permanent', error: expect.stringContaining('no such case') }),
    ]);
    expect(query('quarantine.sql')).toEqual([
      expect.objectContaining({ channel: 'default', times: 1, state: 'held' }),
    ]);
    expect(query('dead.sql')).toEqual([expect.objectContaining({ listener: 'close-case', dead: 1 })]);
    expect(query('listeners.sql').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['audit-log', 'close-case', 'mail-opened', 'messages']),
    );
  });

  run('gives a dead letter fresh attempts, while the service runs', async () => {
    const [, line = ''] =
      /^\$ npx interactions-webhook (retry --listener \S+)$/m.exec(readFileSync(OPERATIONS, 'utf8')) ?? [];
    // Where nobody can be asked, it has to be told so.
    expect(await folder.run(`npx -c 'node dist/cli/main.js ${line} --yes'`)).toContain('1 dead letter');
    await service.printed(/"Case 8e09e19f is closed"/);
    await until(() => query('dead.sql').length === 0);
  });

  it('makes a backup, while the service runs', () => {
    const copy = join(folder.path, 'backup.db');
    const statement = /"(VACUUM INTO 'backup.db')"$/.exec(commands[1] ?? '')?.[1] ?? '';
    const sqlite = database();
    sqlite.exec(statement.replace('backup.db', copy));
    const count = 'select count(*) as events from events';
    expect(new Database(copy).prepare(count).get()).toEqual(sqlite.prepare(count).get());
    sqlite.close();
  });

  it.each([
    [69, 'DATA_DIR=./elsewhere'],
    [74, 'PORT=0 DATA_DIR=./package.json'],
    [78, 'PORT=http'],
    [78, 'PORT=0 LISTENERS=./nothing.js'],
  ])(
    'tells what exit code %i means, which %s leads to, with a message and no stack',
    async (code, variables) => {
      const command = folder.start(`${variables} ${commands[0]}`);
      expect(await command.ended()).toBe(code);
      expect(command.output).not.toMatch(/^\s+at |\[Nest\]/m);
      expect(readFileSync(OPERATIONS, 'utf8')).toMatch(new RegExp(`^\\| ${code} `, 'm'));
    },
    SLOW_MS,
  );

  run('removes a listener that is gone for good', async () => {
    await post(payload('FINISHED', 'old'));
    await service.stop();
    service = folder.start(`LISTENERS=./listeners/ledger.module.js,./listeners/plain ${commands[0]}`);
    await service.printed(/Not loaded: close-case/);
    const sqlite = database();
    sqlite.exec(blockOf(OPERATIONS, 'remove.sql'));
    expect(query('listeners.sql').map(({ name }) => name)).not.toContain('close-case');
    const orphans =
      'select count(*) as n from deliveries where listener_id not in (select id from listeners)';
    expect(sqlite.prepare(orphans).get()).toEqual({ n: 0 });
    sqlite.close();
  });
});

describe('the other listeners of the guide', () => {
  it('take the log from its beginning, park, and need no compiler', async () => {
    await service.printed(/"listener":"ledger".*"Entry \d+: old FINISHED"/);
    await post(payload('STARTED', 'bad'));
    await service.printed(/ledger gave up on event/);
    await post(payload('FINISHED', 'bad'));
    await post(payload('FINISHED', 'good'));
    await service.printed(/"listener":"ledger".*"Entry \d+: good FINISHED"/);
    await service.printed(/"listener":"plain".*"Plain bad FINISHED"/);
    expect(service.output).not.toMatch(/Entry \d+: bad/);
  });
});

describe('with the packed service installed', () => {
  let own: Folder;
  beforeAll(async () => {
    await service.stop();
    own = await Folder.installation(folder);
    own.write('package.json', blockOf(LISTENERS, 'package.json'));
    own.write('tsconfig.json', TSCONFIG);
    for (const name of ['case.module.ts', 'case.test.ts'])
      own.write(name, blockOf(LISTENERS, `listeners/${name}`));
    own.write('main.ts', blockOf(OPERATIONS, 'main.ts'));
  }, SLOW_MS);
  afterAll(() => own.remove(), SLOW_MS);

  run('a package of listeners builds, passes its test, and starts the service', async () => {
    expect(await own.run('npm test')).toMatch(/pass 3\n.*fail 0/s);
    service = own.start('npm start');
    await service.printed(/Listening on/);
    await post(payload('FINISHED', 'packed'));
    await service.printed(/"Case packed is closed"/);
    await service.stop();
  });

  run('an application of your own takes webhooks, and ends cleanly', async () => {
    service = own.start("npx -c 'node main.js'");
    await service.printed(/Listening on/);
    expect(await post(payload('FINISHED', 'embedded'))).toBe(200);
    await service.printed(/Case embedded is closed/);
    await service.stop();
    const sqlite = new Database(join(own.path, 'data/interactions.db'));
    expect(sqlite.prepare('select count(*) as workers from workers').get()).toEqual({ workers: 0 });
    sqlite.close();
  });
});
