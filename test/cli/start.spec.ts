import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { cli, Folder } from './command-line.js';

describe('start', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());
  const start = (args: readonly string[], env = {}) => cli(['start', ...args], { cwd: folder.path, env });

  it('starts the service, whose faults and exit codes are its own', async () => {
    const { code, stderr } = await start([], { PORT: 'x', NODE_ENV: 'production' });
    expect(code).toBe(78);
    expect(stderr).toMatch(/^The configuration has 2 faults:\n {2}- .*PORT/s);
  });

  it('loads the listeners that are named, whatever LISTENERS says', async () => {
    const { code, stderr } = await start(['--listeners', './mine.js'], { LISTENERS: './other.js' });
    expect(code).toBe(78);
    expect(stderr).toContain('LISTENERS: ./mine.js is not there');
  });

  it('watches nothing where there is nothing of its own to watch', async () => {
    const installed = folder.file('node_modules/crm');
    mkdirSync(installed, { recursive: true });
    writeFileSync(`${installed}/index.js`, '');
    for (const args of [[], ['--listeners', 'crm']]) {
      expect(await start(['--watch', ...args])).toEqual({
        code: 2,
        stdout: '',
        stderr: 'There is no listener to watch: name it with --listeners.\n',
      });
    }
  });

  it('says which listener is not there to be watched', async () => {
    const { code, stderr } = await start(['--watch'], { LISTENERS: './dist/crm.module.js' });
    expect(code).toBe(2);
    expect(stderr).toContain('The listener ./dist/crm.module.js is not there to be watched.');
  });

  it('says what is missing where there is TypeScript, but nothing to compile it', async () => {
    writeFileSync(folder.file('tsconfig.json'), '{}');
    expect(await start(['--watch'])).toMatchObject({
      code: 2,
      stderr: 'There is a tsconfig.json, but no TypeScript: npm install --save-dev typescript\n',
    });
  });

  it('has the options that docs/cli.md names, and no other', async () => {
    const [, section = ''] = readFileSync('docs/cli.md', 'utf8').split('\n## start\n');
    const documented = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(--[a-z]+)/gm)].map(([, o]) => o);
    const { stdout } = await start(['--help']);
    const known = [...stdout.matchAll(/^ {2}(--[a-z]+)/gm)].map(([, option]) => option);
    expect(known).toEqual(documented);
    expect(known).toEqual(['--listeners', '--watch']);
  });
});
