import { mkdirSync, writeFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Environment } from '../../src/config/app-config.js';
import { signature } from '../support/service.js';
import { cli, Folder, OtherServer, type Ended } from './command-line.js';

/** The places that can hold the secret, each with a secret of its own, the first that counts first. */
const PLACES = ['--secret-file', '--secret', 'environment', '.env', 'data folder'] as const;
type Place = (typeof PLACES)[number];
const secretOf = (place: Place): string => `secret of ${place}`;

describe('the secret of send', () => {
  let server: OtherServer;
  let folder: Folder;
  let signed: { header: unknown; body: Buffer; path: string | undefined };
  beforeAll(async () => {
    server = await OtherServer.start((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        signed = {
          header: request.headers['x-hub-signature'],
          body: Buffer.concat(chunks),
          path: request.url,
        };
        response.end('{}');
      });
    });
  });
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());
  afterAll(() => server.stop());

  function send(args: readonly string[] = [], env: Environment = {}): Promise<Ended> {
    return cli(['send', '--url', server.url, ...args], { cwd: folder.path, env });
  }

  /** Puts a secret in each of the places, and sends. */
  function sendWith(places: readonly Place[]): Promise<Ended> {
    const args: string[] = [];
    let env: Environment = {};
    const put: Record<Place, () => void> = {
      '--secret-file': () => {
        writeFileSync(folder.file('key'), `${secretOf('--secret-file')}\n`);
        args.push('--secret-file', 'key');
      },
      '--secret': () => void args.push('--secret', secretOf('--secret')),
      environment: () => (env = { WEBHOOK_SECRET: secretOf('environment') }),
      '.env': () => writeFileSync(folder.file('.env'), `WEBHOOK_SECRET="${secretOf('.env')}"\n`),
      'data folder': () => {
        mkdirSync(folder.file('data'));
        writeFileSync(folder.file('data/webhook-secret'), `${secretOf('data folder')}\n`);
      },
    };
    for (const place of places) put[place]();
    return send(args, env);
  }

  it.each(PLACES)('is taken from %s before all that come after it', async (place) => {
    const ended = await sendWith(PLACES.slice(PLACES.indexOf(place)));
    expect(ended.code).toBe(0);
    expect(signed.header).toBe(signature(signed.body, secretOf(place)));
  });

  it('is read from the file that WEBHOOK_SECRET_FILE names, in the environment or in .env', async () => {
    writeFileSync(folder.file('mounted'), 'from a file\n');
    await send([], { WEBHOOK_SECRET_FILE: folder.file('mounted') });
    expect(signed.header).toBe(signature(signed.body, 'from a file'));
    writeFileSync(folder.file('.env'), 'WEBHOOK_SECRET_FILE=mounted\n');
    signed.header = undefined;
    await send();
    expect(signed.header).toBe(signature(signed.body, 'from a file'));
  });

  it('is the first of several, which is the current one', async () => {
    await send([], { WEBHOOK_SECRET: 'current, older' });
    expect(signed.header).toBe(signature(signed.body, 'current'));
  });

  it("is the channel's own, from the variable of its name or that variable's file", async () => {
    writeFileSync(folder.file('mounted'), 'emea from a file\n');
    await send(['--channel', 'emea-chat'], { WEBHOOK_SECRET: 'other', WEBHOOK_SECRET_EMEA_CHAT: 'emea' });
    expect(signed).toMatchObject({ header: signature(signed.body, 'emea'), path: '/hook/emea-chat' });
    await send(['--channel', 'emea-chat'], { WEBHOOK_SECRET_EMEA_CHAT_FILE: folder.file('mounted') });
    expect(signed.header).toBe(signature(signed.body, 'emea from a file'));
  });

  it('is looked for in the data folder that DATA_DIR names, also in .env', async () => {
    mkdirSync(folder.file('elsewhere'));
    writeFileSync(folder.file('elsewhere/webhook-secret'), 'made by the service\n');
    writeFileSync(folder.file('.env'), 'DATA_DIR=./elsewhere\n');
    await send();
    expect(signed.header).toBe(signature(signed.body, 'made by the service'));
  });

  it('is not taken from .env in production, as the service does not either', async () => {
    writeFileSync(folder.file('.env'), 'WEBHOOK_SECRET=development\n');
    const ended = await send([], { NODE_ENV: 'production' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('.env: not read in production');
  });

  it('names every place that was looked at when there is none', async () => {
    const ended = await send();
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toBe(
      [
        'No secret to sign with was found for the channel "default". Looked at:',
        '  - --secret-file and --secret: not given',
        '  - WEBHOOK_SECRET and WEBHOOK_SECRET_FILE in the environment: not set',
        `  - ${folder.file('.env')}: no such file`,
        `  - ${folder.file('data/webhook-secret')}: no such file ("npm start" makes it)`,
        'Give it with --secret-file PATH, or run "npm start" first.',
        '',
      ].join('\n'),
    );
  });

  it('of one channel is never used for another', async () => {
    mkdirSync(folder.file('data'));
    writeFileSync(folder.file('data/webhook-secret'), 'of default\n');
    const ended = await send(['--channel', 'emea-chat'], { WEBHOOK_SECRET: 'of default' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('WEBHOOK_SECRET_EMEA_CHAT and WEBHOOK_SECRET_EMEA_CHAT_FILE');
  });

  it.each([
    [['--secret-file', 'missing'], {}, '--secret-file missing: no such file.'],
    [['--secret', ' '], {}, '--secret has no secret in it'],
    [[], { WEBHOOK_SECRET_FILE: 'missing' }, 'WEBHOOK_SECRET_FILE names missing, which cannot be read'],
  ])('that cannot be read ends the command with 2: %j %j', async (args, env, message) => {
    const ended = await send(args, env);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});
