import { readFileSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exchange } from '../support/raw-socket.js';
import { PATH, SECRET, signature, TestService } from '../support/service.js';
import { cli, Folder, type Ended, type RunOptions } from './command-line.js';

const BODY = '{"operationId":"op","data":{"entities":[{}]}}';
const ENV = { WEBHOOK_SECRET: `${SECRET},older`, WEBHOOK_SECRET_EMEA_CHAT: 'emea-secret' };

describe('verify', () => {
  const folder = new Folder();
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start(ENV);
  });
  afterAll(async () => {
    await service.stop();
    folder.remove();
  });

  const verify = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    cli(['verify', ...args], { cwd: folder.path, ...options, env: { ...ENV, ...options.env } });

  function file(name: string, content: string | Buffer): string {
    writeFileSync(folder.file(name), content);
    return folder.file(name);
  }

  it.each<[string, string, string, number]>([
    ['200 for a right signature', BODY, signature(BODY), 200],
    ['200 for a signature of an older secret', BODY, signature(BODY, 'older'), 200],
    [
      '401 for a body that was written again',
      JSON.stringify(JSON.parse(BODY), null, 2),
      signature(BODY),
      401,
    ],
    ["401 for another channel's secret", BODY, signature(BODY, 'emea-secret'), 401],
    ['401 without the prefix', BODY, signature(BODY).slice(5), 401],
  ])('agrees with the service, which answers %s', async (_, body, value, status) => {
    const request = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Hub-Signature: ${value}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect((await exchange(service.port, request)).status).toBe(status);
    const ended = await verify([file('captured.http', request), '--json']);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      valid: status === 200,
      accepted: status === 200,
      proved: true,
    });
    expect(ended).toMatchObject({ code: status === 200 ? 0 : 1, stderr: '' });
  });

  it('says why in words, and what to do', async () => {
    const body = file('pretty.json', JSON.stringify(JSON.parse(BODY), null, 2));
    const { code, stdout } = await verify(['--body', body, '--signature', signature(BODY)]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        '✖ The signature is wrong, over 75 bytes of body, for the channel "default".',
        '',
        'Why (proved by trying):',
        '  - The signature is that of the same JSON, written differently: minified.',
        '    Something between the vendor and here parsed the body and wrote it again (a proxy, a gateway, a logging step, a body parser). Pass on the bytes as they came.',
        '',
        'With that set right, the secret matches: WEBHOOK_SECRET, number 1 of 2.',
        '',
      ].join('\n'),
    );
  });

  it('takes the channel from the path of the request, unless it is told another', async () => {
    const head = `POST ${PATH}/emea-chat HTTP/1.1\nContent-Type: application/json`;
    const request = file(
      'emea.http',
      `${head}\nX-Hub-Signature: ${signature(BODY, 'emea-secret')}\n\n${BODY}`,
    );
    const found = await verify([request]);
    expect(found).toMatchObject({ code: 0 });
    expect(found.stdout).toContain(
      'made with WEBHOOK_SECRET_EMEA_CHAT, over 45 bytes of body, for the channel "emea-chat"',
    );
    const other = await verify([request, '--channel', 'default', '--json']);
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      channel: 'default',
      causes: [{ code: 'secret-other-channel' }],
      secret: 'WEBHOOK_SECRET_EMEA_CHAT',
    });
  });

  it('puts a chunked body together, and reads the standard input', async () => {
    const chunks = `${(10).toString(16)}\r\n${BODY.slice(0, 10)}\r\n${(BODY.length - 10).toString(16)}\r\n${BODY.slice(10)}\r\n0\r\n\r\n`;
    const head = `Transfer-Encoding: chunked\r\nContent-Type: application/json\r\nX-Hub-Signature: ${signature(BODY)}`;
    const ended = await verify(['-'], { stdin: Buffer.from(`${head}\r\n\r\n${chunks}`) });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['one a line', `content-type: application/json\r\nX-Hub-Signature: ${signature(BODY)}\r\n`],
    ['as JSON', JSON.stringify({ 'Content-Type': 'application/json', 'X-HUB-signature': [signature(BODY)] })],
  ])('takes headers in a file of their own, %s', async (_, headers) => {
    const args = ['--body', file('body.json', BODY), '--headers', file('headers.txt', headers)];
    expect(await verify(args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('checks with the secret that it is given', async () => {
    const args = ['--body', file('body.json', BODY), '--signature', signature(BODY, 'mine')];
    expect(await verify(args)).toMatchObject({ code: 1 });
    expect(await verify([...args, '--secret-file', file('key', 'mine\n')])).toMatchObject({ code: 0 });
    const wrong = await verify([...args, '--secret', 'not-the-one']);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stdout).not.toContain('not-the-one');
  });

  it('finds the secret that the service made for itself', async () => {
    const own = new Folder();
    writeFileSync(own.file('webhook-secret'), 'made\n');
    const args = ['--body', file('body.json', BODY), '--signature', signature(BODY, 'made')];
    const ended = await verify(args, { env: { DATA_DIR: own.path, WEBHOOK_SECRET: '' } });
    own.remove();
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('names what else the service refuses the request for', async () => {
    const head = `PUT ${PATH} HTTP/1.1\nContent-Type: text/plain\nX-Hub-Signature: ${signature(BODY)}`;
    const env = { WEBHOOK_API_KEY: 'the-key' };
    const { code, stdout } = await verify([file('put.http', `${head}\n\n${BODY}`), '--json'], { env });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      accepted: false,
      refusals: [{ code: 'method' }, { code: 'content-type' }, { code: 'api-key' }],
    });
  });

  it('lets nothing of a request command the terminal', async () => {
    const head = `Content-Type: a\u001b[2Jb\nX-Hub-Signature: ${signature(BODY)}`;
    const { stdout } = await verify([file('evil.http', `${head}\n\n${BODY}`)]);
    expect(stdout).toContain('Content-Type is "a?[2Jb"');
  });

  it.each([
    [[], 'Nothing to verify'],
    [['--body', 'x'], '--body needs --signature or --headers'],
    [['missing.http'], 'missing.http cannot be read (ENOENT)'],
    [['some.http', '--body', 'x'], 'leave out --body'],
  ])('ends with 2 on %j, and says why', async (args, message) => {
    const ended = await verify(args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it.each([
    ['{"a":1}', 'no empty line ends its headers'],
    ['HTTP/1.1 200 OK\r\n\r\n', 'is an answer, not a request'],
    ['Host: x\nnot a header\n\n{}', 'line 2 of the headers is none'],
  ])('ends with 2 on %j, which is no request', async (content, message) => {
    const ended = await verify([file('other', content)]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('ends with 2 where no secret is known', async () => {
    const args = ['--body', file('body.json', BODY), '--signature', 'sha1=00'];
    const ended = await verify(args, { env: { WEBHOOK_SECRET: '', WEBHOOK_SECRET_EMEA_CHAT: '' } });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('--secret-file');
  });

  it('has the options that docs/cli.md names, and no other', async () => {
    const [, section = ''] = readFileSync('docs/cli.md', 'utf8').split('\n## verify\n');
    const documented = new Set(section.split('\n## ')[0]?.match(/--[a-z]+(-[a-z]+)*/g));
    const { stdout } = await verify(['--help']);
    const known = stdout.match(/(?<=^ {2}|, )--[a-z]+(-[a-z]+)*/gm)?.filter((option) => option !== '--help');
    expect([...documented].sort()).toEqual([...new Set(known)].sort());
  });
});
