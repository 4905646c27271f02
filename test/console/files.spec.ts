import { exec } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { OperationsServer } from '../../src/http/operations-server.js';
import { expectRefusal } from '../support/answers.js';
import { TOKENS } from '../support/operators.js';
import { TestService } from '../support/service.js';

const run = promisify(exec);
const WEIGHT_LIMIT = 100_000;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start(TOKENS);
});
afterAll(() => service.stop());

describe('the files of the page', () => {
  const root = 'dist/console';
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(html|js|css|svg)$/.test(name),
  );

  it('weigh 100 kB at the most, all together and compressed', () => {
    const weights = files.map((name) => gzipSync(readFileSync(join(root, name))).length);
    expect(files.length).toBeGreaterThan(3);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThan(WEIGHT_LIMIT);
  });

  it('are in the package that npm makes', async () => {
    const packed = await run('npm pack --dry-run --json --ignore-scripts', { maxBuffer: 2 ** 24 });
    const [{ files: inPackage }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    expect(inPackage.map(({ path }) => path)).toEqual(
      expect.arrayContaining(files.map((name) => `${root}/${name}`)),
    );
  });

  it('are compressed already, and kept by the browser until they change', async () => {
    for (const name of files.filter((file) => file.startsWith('assets'))) {
      const answer = await service.send('GET', `/${name}`, undefined, { 'accept-encoding': 'br, gzip' });
      expect([answer.status, answer.headers['content-encoding']]).toEqual([200, 'br']);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
  });

  it.each(['/', '/interactions/a%2Fb', '/events/1', '/listeners/crm', '/quarantine/1', '/settings'])(
    'are named by %s, which is asked for each time and may run nothing else',
    async (path) => {
      const { status, headers, text } = await service.send('GET', path);
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('no-cache');
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      );
      expect(text).not.toMatch(/<style|<script(?![^>]* src=)|style="| on\w+="|https?:/);
    },
  );

  it.each([
    ['/nothing', 404],
    ['/assets/nothing.js', 404],
    ['/assets/', 404],
    ['/index.html', 404],
    ['/interactionsx', 404],
    ['/assets/../index.html', 403],
    ['/assets/%2e%2e/index.html', 403],
    ['/assets/..%2f..%2fmain.js', 404],
  ])('are not served for %s', async (path, status) => {
    const answer = await service.send('GET', path);
    expectRefusal(answer, status);
    expect(answer.text).not.toContain(process.cwd());
  });
});

describe('the page', () => {
  it('leaves the path of the webhook alone, also where that is the path of a view', async () => {
    const other = await TestService.start({ ...TOKENS, BASE_PATH: '/events', WEBHOOK_PATH: '/received' });
    const statusOf = async (path: string): Promise<number> => (await other.send('GET', path)).status;
    expect(await statusOf('/events/received')).toBe(405);
    expect([await statusOf('/events'), await statusOf('/listeners/crm')]).toEqual([200, 200]);
    await other.stop();
  });

  it('is where the operators are', async () => {
    const other = await TestService.start({ ...TOKENS, OPERATIONS_PORT: '0' });
    expect((await other.send('GET', '/')).status).toBe(404);
    const { status } = await fetch(`${other.get(OperationsServer).url}/settings`);
    expect(status).toBe(200);
    await other.stop();
  });

  it('is not there where nobody has a token', async () => {
    const other = await TestService.start();
    expect((await other.send('GET', '/')).status).toBe(404);
    await other.stop();
  });
});
