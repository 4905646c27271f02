import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ON_INTERACTION, OnInteraction } from '../../src/events/on-interaction.decorator.js';
import { sign } from '../../src/webhook/signature.js';
import { PATH, payload } from '../support/service.js';
import { Folder, freePort, type Command } from './checkout.js';
import { blockOf, blocksOf, commandsOf } from './markdown.js';

const PAGE = 'docs/listeners.md';
const SECRET = 'docs-secret';
const SLOW_MS = 120_000;

/** The system in which the documented listener closes cases: what it answers is told by the case's id. */
class Crm {
  readonly requests: { path: string; key: IncomingHttpHeaders[string] }[] = [];
  private readonly server: Server;
  private readonly seen = new Set<string>();

  constructor() {
    this.server = createServer(({ url = '', headers }, response) => {
      this.requests.push({ path: url, key: headers['idempotency-key'] });
      const again = this.seen.has(url);
      this.seen.add(url);
      if (url.includes('gone')) response.writeHead(410);
      else if (url.includes('busy') && !again) response.writeHead(429, { 'retry-after': '0' });
      else response.writeHead(204);
      response.end();
    });
  }

  async start(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

describe('the guide for listeners', () => {
  const [compile = '', start = '', runTests = '', ...others] = commandsOf(PAGE);
  const crm = new Crm();
  let folder: Folder;
  let port: number;
  let service: Command;

  beforeAll(async () => {
    port = await freePort();
    folder = Folder.checkout({
      PORT: String(port),
      CRM_URL: await crm.start(),
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_SECRET_EMEA_CHAT: SECRET,
    });
    await folder.run('npm run build');
    folder.write('listeners/tsconfig.json', blockOf('README.md', 'listeners/tsconfig.json'));
    for (const { name, code } of blocksOf(PAGE)) if (name.startsWith('listeners/')) folder.write(name, code);
    await folder.run(compile);
    service = folder.start(start);
    await service.printed(/Listening on/);
  }, SLOW_MS);
  afterAll(async () => {
    await folder.remove();
    await crm.stop();
  }, SLOW_MS);

  const post = async (body: object, { channel = '', traceId = '' } = {}): Promise<void> => {
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
    expect(answer.status).toBe(200);
  };
  const event = (type: string, entity: object): object => ({ data: { entities: [{ event: type, entity }] } });

  it('has no block and no command but those that are tried here', () => {
    const named = blocksOf(PAGE).filter(({ language }) => language !== 'sh');
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
    const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|.*$/gm);
    const documented = [...rows].filter(([, name = '']) => name in options);
    expect(documented.map(([, name, value]) => [name, value])).toEqual(
      Object.entries(options).map(([name, value]) => [
        name,
        typeof value === 'string' ? `'${value}'` : `${value}`,
      ]),
    );
  });

  it('hands the event to the whole one, whose line in the log has the fields that are shown', async () => {
    await post(payload('FINISHED', 'one'), { traceId: '463ac35c9f6413ad' });
    const [line] = await service.printed(/^.*"Case one is closed".*$/m);
    const shown = JSON.parse(blockOf(PAGE, 'line.json')) as Record<string, unknown>;
    const { time, seq, msg, ...same } = shown;
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
    await post(payload('FINISHED', 'busy'));
    await service.printed(/"Case busy is closed"/);
    const [first, second] = crm.requests.filter(({ path }) => path.includes('busy'));
    expect(second).toEqual(first);
    await post(payload('FINISHED', 'gone'));
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

  it(
    'refuses to compile a filter that is misspelt',
    async () => {
      const mail = blockOf(PAGE, 'listeners/mail.module.ts');
      folder.write('typo/tsconfig.json', blockOf('README.md', 'listeners/tsconfig.json'));
      folder.write('typo/mail.module.ts', mail.replace("event: 'STARTED'", "event: 'STARTD'"));
      await expect(folder.run('npx tsc --noEmit -p typo')).rejects.toThrow(/'"STARTD"' is not assignable/);
    },
    SLOW_MS,
  );

  it(
    'has a listener that takes the log from its beginning and parks, and one without a compiler',
    async () => {
      await post(payload('FINISHED', 'old'));
      await service.stop();
      const listeners = './listeners/ledger.module.js,./listeners/plain';
      service = folder.start(`LISTENERS=${listeners} npx -c 'node dist/main.js'`);
      await service.printed(/"listener":"ledger".*"Entry \d+: old FINISHED"/);
      await post(payload('STARTED', 'bad'));
      await service.printed(/ledger gave up on event/);
      await post(payload('FINISHED', 'bad'));
      await post(payload('FINISHED', 'good'));
      await service.printed(/"listener":"ledger".*"Entry \d+: good FINISHED"/);
      await service.printed(/"listener":"plain".*"Plain bad FINISHED"/);
      expect(service.output).not.toMatch(/Entry \d+: bad/);
    },
    SLOW_MS,
  );

  it(
    'has a test that passes',
    async () => {
      expect(await folder.run(runTests)).toMatch(/pass 3\n.*fail 0/s);
    },
    SLOW_MS,
  );

  it(
    'has a package that builds, passes its test and starts, with the packed service installed',
    async () => {
      await service.stop();
      // Built already.
      await folder.run('npm pack --ignore-scripts');
      const own = await installedPackage(folder);
      try {
        expect(await own.run('npm test')).toMatch(/pass 3\n.*fail 0/s);
        const started = own.start('npm start');
        await started.printed(/Listening on/);
        await post(payload('FINISHED', 'packed'));
        await started.printed(/"Case packed is closed"/);
      } finally {
        await own.remove();
      }
    },
    SLOW_MS,
  );
});

/** A folder into which the packed service is installed, without a download: what it needs is linked. */
async function installedPackage(checkout: Folder): Promise<Folder> {
  const folder = new Folder(checkout.env);
  mkdirSync(join(folder.path, 'node_modules'));
  for (const name of readdirSync('node_modules')) {
    symlinkSync(resolve('node_modules', name), join(folder.path, 'node_modules', name));
  }
  await folder.run(`tar -xzf ${checkout.path}/*.tgz && mv package node_modules/interactions-webhook`);
  folder.write('package.json', blockOf(PAGE, 'package.json'));
  folder.write('tsconfig.json', blockOf('README.md', 'listeners/tsconfig.json'));
  for (const name of ['case.module.ts', 'case.test.ts'])
    folder.write(name, blockOf(PAGE, `listeners/${name}`));
  return folder;
}
