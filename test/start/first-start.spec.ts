import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { ServiceProcess } from '../support/service-process.js';
import { PATH, payload, SECRET, signature } from '../support/service.js';
import { StartFolder } from '../support/start-folder.js';
import { until } from '../support/until.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const NO_SECRET = { WEBHOOK_SECRET: undefined };
const secretFile = (): string => `${folder.dataDir}/webhook-secret`;
const tokenFile = (): string => `${folder.dataDir}/operator-token`;
const readSecret = (): string => readFileSync(secretFile(), 'utf8').trim();

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** The banner, line by line: it is written after the line that says that the service listens. */
async function bannerOf(service: ServiceProcess): Promise<string[]> {
  await until(() => service.stdout.includes('npm run send'));
  return service.stdout
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function statusOf(service: ServiceProcess, secret: string): Promise<number> {
  const body = payload();
  const answer = await fetch(`http://127.0.0.1:${service.port}${PATH}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-hub-signature': signature(body, secret) },
  });
  return answer.status;
}

describe('a first start without any preparation', () => {
  it('tells where the webhook, the docs, the data and the secret are, and how to send', async () => {
    const service = await folder.start({ ...NO_SECRET, DOCS: 'on' });
    const url = `http://127.0.0.1:${service.port}`;
    expect(await bannerOf(service)).toEqual([
      `Webhook   ${url}${PATH}`,
      `Operators ${url}/`,
      `Docs      ${url}/docs`,
      `Data      ${folder.dataDir}/interactions.db`,
      `Secret    ${secretFile()} (made for you; set WEBHOOK_SECRET to use your own)`,
      `Token     ${tokenFile()} (made for you; set OPERATOR_TOKEN to use your own)`,
      'Send a signed event:',
      `npm run send -- --url ${url}${PATH}`,
    ]);
    expect((await service.get('/docs-json')).status).toBe(200);
    expect(existsSync(`${folder.dataDir}/interactions.db`)).toBe(true);
    expect(service.stderr).toBe('');
  });

  it('tells how to send where the data folder is another', async () => {
    const dataDir = folder.file("it's elsewhere");
    const service = await folder.start({ ...NO_SECRET, DATA_DIR: dataDir });
    const quoted = `'${dataDir.replace("'", "'\\''")}/webhook-secret'`;
    expect((await bannerOf(service)).at(-1)).toBe(
      `npm run send -- --url http://127.0.0.1:${service.port}${PATH} --secret-file ${quoted}`,
    );
  });

  it('says so too where the secret is set to nothing', async () => {
    const service = await folder.start({ WEBHOOK_SECRET: '' });
    expect(await bannerOf(service)).toContain(
      `Secret    ${secretFile()} (made for you; set WEBHOOK_SECRET to use your own)`,
    );
    expect(await statusOf(service, readSecret())).toBe(200);
  });

  it('makes a secret, which its owner alone can read, which verifies, and which is printed nowhere', async () => {
    const service = await folder.start(NO_SECRET);
    expect(modeOf(secretFile())).toBe('600');
    expect(await statusOf(service, readSecret())).toBe(200);
    expect(await statusOf(service, 'another')).toBe(401);
    await service.end();
    expect(service.output).not.toContain(readSecret());
  });

  it('keeps what is stored for its owner alone, also where others may usually read', async () => {
    const umask = process.umask(0o022);
    const service = folder.spawn();
    process.umask(umask);
    await service.ready();
    expect((await service.post(payload())).status).toBe(200);
    const modes = readdirSync(folder.dataDir).map((name) => [name, modeOf(`${folder.dataDir}/${name}`)]);
    expect(Object.fromEntries(modes)).toEqual({
      'interactions.db': '600',
      'interactions.db-shm': '600',
      'interactions.db-wal': '600',
      'operator-token': '600',
    });
    expect(modeOf(folder.dataDir)).toBe('700');
  });

  it("makes a token that opens the operators' API, and is printed nowhere", async () => {
    const service = await folder.start();
    const token = readFileSync(tokenFile(), 'utf8').trim();
    const asked = await fetch(`http://127.0.0.1:${service.port}/api/v1/session`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await asked.json()).toEqual({ role: 'operator', expiresAt: null });
    await service.end();
    expect(service.output).not.toContain(token);
  });

  it('makes a secret that the next start still has', async () => {
    await (await folder.start(NO_SECRET)).end();
    const secret = readSecret();
    const service = await folder.start(NO_SECRET);
    expect(readSecret()).toBe(secret);
    expect(await statusOf(service, secret)).toBe(200);
  });

  it('reads .env where it is started', async () => {
    folder.write('.env', 'WEBHOOK_SECRET=from-the-file\nWEBHOOK_PATH=/hook\n');
    const service = await folder.start(NO_SECRET);
    expect((await bannerOf(service))[0]).toBe(`Webhook   http://127.0.0.1:${service.port}/nexus/v3/hook`);
    expect(existsSync(secretFile())).toBe(false);
  });
});

describe('a start with a secret', () => {
  it('makes none, and does not say where yours is', async () => {
    const service = await folder.start();
    const banner = await bannerOf(service);
    expect(banner).toContain('Secret    as configured (set the same WEBHOOK_SECRET where you send from)');
    expect(banner).toContain(`npm run send -- --url http://127.0.0.1:${service.port}${PATH}`);
    expect(readdirSync(folder.dataDir)).not.toContain('webhook-secret');
    expect(await statusOf(service, SECRET)).toBe(200);
    expect(service.output).not.toContain(SECRET);
  });

  it('in production prints logs alone, one JSON object a line, and reads no .env', async () => {
    folder.write('.env', 'BASE_PATH=/from/the/file\n');
    const service = await folder.start({ NODE_ENV: 'production' });
    expect(await statusOf(service, SECRET)).toBe(200);
    expect(await service.end()).toEqual({ code: 0, signal: null });
    const lines = service.stdout.split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
    expect(service.stderr).toBe('');
  });
});
