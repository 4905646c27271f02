import { createSecretKey, randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { sign } from '../../src/webhook/signature.js';
import { LocalServer, type Seen } from '../listeners/local-server.js';
import { PATH } from '../support/service.js';
import { until } from '../support/until.js';
import { freePort } from '../support/free-port.js';
import { Folder, type Command } from './checkout.js';
import { blockOf, blocksOf } from './markdown.js';

const PAGES = ['audit-log', 'http-forward', 'interactions', 'transcript'];
const page = (name: string): string => `docs/listeners/${name}.md`;
const SECRET = 'docs-secret';
const FORWARD_SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const ID = '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176';
const SLOW_MS = 120_000;

/** What the pages tell a reader to write, in a module; it prints what the services say. */
const ASKING = `
import { Injectable, Module } from '@nestjs/common';
import { OnInteraction, RetryLaterError, type InteractionEvent } from 'interactions-webhook';
import { Archive } from './archive.js';
import { Supervisor } from './supervisor.js';

@Injectable()
class Asking {
  constructor(private readonly supervisor: Supervisor, private readonly archive: Archive) {}

  // Attempts enough for a machine that is busy: what is asked for takes its time.
  @OnInteraction({ name: 'asking' }, { attempts: 1000 })
  async ask({ type, interactionId = '' }: InteractionEvent): Promise<void> {
    const answer = type === 'STARTED' ? await this.supervisor.stuckLongest() : await this.archive.contentOf(interactionId);
    if (answer === undefined) throw new RetryLaterError(0.1);
    console.log(type, JSON.stringify(answer));
  }
}

@Module({ providers: [Asking, Archive, Supervisor] })
export class AskingModule {}`;

let folder: Folder;
let port: number;
let service: Command;
let nexus: LocalServer;
let receiver: LocalServer;

beforeAll(async () => {
  port = await freePort();
  nexus = await LocalServer.start((response) => response.end('{"messages":["Hello"]}'));
  receiver = await LocalServer.start();
  folder = Folder.checkout({
    PORT: String(port),
    WEBHOOK_SECRET: SECRET,
    INTERACTIONS: 'on',
    INTERACTIONS_STUCK_AFTER: '1',
    FORWARD_URL: `${receiver.url}/events`,
    FORWARD_SECRET,
    TRANSCRIPT_BASE_URL: nexus.url,
    TRANSCRIPT_ALLOW_PRIVATE: 'on',
    LISTENERS: './listeners/asking.module.js',
  });
  folder.write('listeners/tsconfig.json', blockOf('README.md', 'listeners/tsconfig.json'));
  folder.write('listeners/supervisor.ts', blockOf(page('interactions'), 'supervisor.ts'));
  folder.write('listeners/archive.ts', blockOf(page('transcript'), 'archive.ts'));
  folder.write('listeners/asking.module.ts', ASKING);
  folder.write('verify.mjs', blockOf(page('http-forward'), 'verify.mjs'));
  await folder.run('npm run build && npx tsc -p listeners');
  service = folder.start('npm start');
  await service.printed(/Listening on/);
  await post('STARTED');
}, SLOW_MS);
afterAll(async () => {
  await folder.remove();
  await nexus.stop();
  await receiver.stop();
}, SLOW_MS);

async function post(event: string, selfUri?: string): Promise<void> {
  const entity = { id: ID, mediaType: 'chat', interactionSubtype: 'InboundNew', selfUri };
  const operationId = 'f6c49d91-926b-4473-b2f3-8d8fd295c968';
  const body = Buffer.from(JSON.stringify({ operationId, data: { entities: [{ event, entity }] } }));
  const headers = {
    'content-type': 'application/json',
    'x-hub-signature': sign(createSecretKey(SECRET, 'utf8'), body),
    'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124',
  };
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'POST', body, headers });
  expect(answer.status).toBe(200);
}

describe('the pages of the listeners that ship', () => {
  it('have no block but those that are tried here', () => {
    const named = PAGES.flatMap((name) => blocksOf(page(name)).map((block) => `${name} ${block.name}`));
    expect(named).toEqual([
      'audit-log line.json',
      'http-forward request.http',
      'http-forward event.json',
      'http-forward verify.mjs',
      'interactions supervisor.ts',
      'transcript archive.ts',
    ]);
  });

  it('show the line of audit-log as it is written', async () => {
    const [line] = await service.printed(/^.*"listener":"audit-log".*$/m);
    const shown = JSON.parse(blockOf(page('audit-log'), 'line.json')) as object;
    expect(JSON.parse(line)).toEqual({ ...shown, time: expect.any(String) });
    expect(Object.keys(JSON.parse(line) as object)).toEqual(Object.keys(shown));
  });

  it('show what http-forward posts, and how it is verified', async () => {
    await until(() => receiver.seen.length > 0);
    const { method, url, headers, body } = receiver.seen[0] as Seen;
    const [first = '', ...rest] = blockOf(page('http-forward'), 'request.http').trim().split('\n');
    expect(first).toBe(`${method} ${url} HTTP/1.1`);
    /** Ids, times and digests differ. */
    const shape = (value: unknown): string => String(value).replace(/\d{10,}|[\w+/]{43}=/g, '…');
    expect(rest.map((line) => shape(line))).toEqual(
      rest.map((line) => line.split(':')[0] as string).map((name) => `${name}: ${shape(headers[name])}`),
    );

    const shown = JSON.parse(blockOf(page('http-forward'), 'event.json')) as object;
    expect(JSON.parse(body)).toEqual({
      ...shown,
      id: headers['webhook-id'],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });

    const { verify } = (await import(pathToFileURL(`${folder.path}/verify.mjs`).href)) as {
      verify: (body: string, headers: Seen['headers'], secret: string) => unknown;
    };
    expect(verify(body, headers, FORWARD_SECRET)).toEqual(JSON.parse(body));
    expect(() => verify(body, headers, `whsec_${randomBytes(32).toString('base64')}`)).toThrow();
  });

  it('have classes that ask interactions and transcript', async () => {
    expect((await service.printed(/^STARTED (.+)$/m))[1]).toBe(JSON.stringify(ID));
    await post('FINISHED', '/nexus/v3/chat/sessions/a/b');
    expect((await service.printed(/^FINISHED (.+)$/m))[1]).toBe('{"messages":["Hello"]}');
  });
});
