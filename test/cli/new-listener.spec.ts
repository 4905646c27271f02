import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import * as checkout from '../docs/checkout.js';
import { blocksOf } from '../docs/markdown.js';
import { cli, Folder } from './command-line.js';

const PAGE = 'docs/testing.md';
const SLOW_MS = 240_000;

describe('new-listener', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());
  const newListener = (name: string) => cli(['new-listener', name], { cwd: folder.path });
  const files = (): string[] => globSync('**/*', { cwd: folder.path }).toSorted();

  it('writes the package into a folder of its name, and says what is next', async () => {
    const { code, stdout } = await newListener('close-case');
    expect(code).toBe(0);
    expect(stdout).toContain(`The listener "close-case" is in ${folder.file('close-case')}:`);
    expect(stdout).toMatch(/cd close-case\n {2}npm install\n {2}npm test\n {2}npm start\n$/);
    for (const file of ['package.json', 'tsconfig.json', 'README.md', 'src/close-case.listener.spec.ts']) {
      expect(stdout).toContain(`  ${file}\n`);
      expect(files()).toContain(join('close-case', file));
    }
    expect(readFileSync(folder.file('close-case/.gitignore'), 'utf8')).toContain('node_modules/');
  });

  it('asks for the Nest, the TypeScript and the Node that the service is built with', async () => {
    await newListener('crm');
    const written = JSON.parse(readFileSync(folder.file('crm/package.json'), 'utf8')) as object;
    const { version, dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync('package.json', 'utf8'),
    ) as Record<string, Record<string, string>>;
    expect(written).toMatchObject({
      name: 'crm-listener',
      optionalDependencies,
      devDependencies: {
        'interactions-webhook': `^${version as unknown as string}`,
        '@nestjs/common': dependencies?.['@nestjs/common'],
        typescript: devDependencies?.['typescript'],
      },
    });
  });

  it.each([
    ['crm', 'CrmListener', 'crm-listener'],
    ['crm.close_case-2', 'CrmCloseCase2Listener', 'crm.close_case-2-listener'],
    ['my-listener', 'MyListener', 'my-listener'],
    ['7up', 'On7upListener', '7up-listener'],
    ['interactions-webhook', 'InteractionsWebhookListener', 'interactions-webhook-listener'],
  ])('names the class and the package of %s', async (name, className, packageName) => {
    expect((await newListener(name)).code).toBe(0);
    expect(readFileSync(folder.file(`${name}/src/${name}.listener.ts`), 'utf8')).toContain(
      `export class ${className} {`,
    );
    expect(JSON.parse(readFileSync(folder.file(`${name}/package.json`), 'utf8'))).toMatchObject({
      name: packageName,
    });
  });

  it.each(['Crm', '../crm', '.crm', 'a b', 'café', 'a'.repeat(65), ''])(
    'refuses the name %j, which no listener can have',
    async (name) => {
      const { code, stdout, stderr } = await newListener(name);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`The name "${name}" must be 1 to 64 characters of a-z, 0-9`);
      expect(files()).toEqual([]);
    },
  );

  it('uses an empty folder, and leaves one alone that is not', async () => {
    mkdirSync(folder.file('crm'));
    expect((await newListener('crm')).code).toBe(0);
    const before = files();
    expect(await newListener('crm')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `The folder ${folder.file('crm')} is not empty.\n`,
    });
    expect(files()).toEqual(before);
  });

  it('says what is in the way where there can be no folder', async () => {
    writeFileSync(folder.file('crm'), '');
    const { code, stderr } = await newListener('crm');
    expect(code).toBe(2);
    expect(stderr).toMatch(/crm cannot be written \(.+\)\.\n$/);
  });

  it('shows an example in its help', async () => {
    const { code, stdout } = await cli(['new-listener', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('npx interactions-webhook new-listener crm-close-case\n');
  });
});

/** With the service packed, and everything else from the registry, as its author would have it. */
describe('a new listener', () => {
  const clone = checkout.Folder.checkout();
  // No program of this checkout: what is needed must come with the package.
  const PATH = process.env['PATH']
    ?.split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  const folder = new checkout.Folder({ PATH, PORT: '0' });
  const own = (line: string): string => `cd close-case && ${line}`;

  beforeAll(async () => {
    await clone.run(`npm pack --pack-destination ${folder.path}`);
    await cli(['new-listener', 'close-case'], { cwd: folder.path });
    const [tarball = ''] = globSync('*.tgz', { cwd: folder.path });
    const manifest = join(folder.path, 'close-case/package.json');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(
      manifest,
      // The one under devDependencies, which is not the range for where it is installed.
      text.replace(/("devDependencies": [^}]*"interactions-webhook": )"[^"]+"/, `$1"file:../${tarball}"`),
    );
    await folder.run(own('npm install --prefer-offline --no-audit --no-fund'));
  }, SLOW_MS);
  afterAll(async () => {
    await folder.remove();
    await clone.remove();
  }, SLOW_MS);

  it('brings Node, and one Nest for the listener and the service', async () => {
    expect(await folder.run(own("npm exec -c 'node --version'"))).toMatch(/^v24\./m);
    for (const name of ['@nestjs/common', '@nestjs/core', 'interactions-webhook']) {
      expect(globSync(`**/node_modules/${name}/package.json`, { cwd: folder.path })).toHaveLength(1);
    }
  });

  it(
    'passes its own test',
    async () => expect(await folder.run(own('npm test'))).toMatch(/pass 2\n.*fail 0\n/s),
    SLOW_MS,
  );

  it(
    'is loaded by npm start, handed what is sent, and loaded again when it changes',
    async () => {
      const service = folder.start(own('npm start'));
      const [, url] = await service.printed(/Webhook +(http\S+)/);
      await folder.run(own(`npm run send -- --url ${url}`));
      // With the fields of the service's logger: it is the same Nest.
      await service.printed(/"listener":"close-case".*"context":"CloseCaseListener".*"STARTED .* attempt 1"/);
      const source = join(folder.path, 'close-case/src/close-case.listener.ts');
      writeFileSync(source, readFileSync(source, 'utf8').replace(', attempt $', ', changed, attempt $'));
      const [, again] = await service.printed(/starting again[^]*Webhook +(http\S+)/);
      await folder.run(own(`npm run send -- --url ${again}`));
      await service.printed(/"STARTED .* changed, attempt 1"/);
      await service.stop();
      expect(service.output).not.toMatch(/did not stop cleanly|cannot be|The service ended/);
    },
    SLOW_MS,
  );

  it(
    `compiles and passes the tests of ${PAGE}`,
    async () => {
      const blocks = blocksOf(PAGE);
      expect(blocks.map(({ language, name }) => [language, /^src\/.+\.ts$/.test(name)])).toEqual(
        blocks.map(() => ['ts', true]),
      );
      for (const { name, code } of blocks) folder.write(join('close-case', name), code);
      const tests = blocks.flatMap(({ code }) => code.match(/^test\(/gm) ?? []).length;
      expect(tests).toBeGreaterThan(0);
      expect(await folder.run(own('npm test'))).toMatch(new RegExp(`pass ${tests}\n.*fail 0\n`, 's'));
    },
    SLOW_MS,
  );
});
