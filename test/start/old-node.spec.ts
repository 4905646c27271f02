import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';

const { code: main } = transformFileSync('src/main.ts', {
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'es6' },
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'main.js'), main);
  // Tells that what comes after the look at the version was reached.
  writeFileSync(join(folder, 'start.js'), "console.log('loaded');\nexport const start = () => undefined;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the entry of the service with a Node, or with this one taken for another. */
function runMain(node: string, version?: string): { status: number | null; stdout: string; stderr: string } {
  const disguise = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;
  const args =
    version === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`];
  return spawnSync(node, [...args, join(folder, 'main.js')], { encoding: 'utf8', env: {} });
}

const complaint = (version: string): string =>
  `Node ${version} is too old: 22.19 or newer is needed. "npm start" brings its own.\n`;

/** A Node of this machine that is too old, if it has one. */
function oldNode(): { path: string; version: string } | undefined {
  for (const path of (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'node'))) {
    const version = existsSync(path)
      ? spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.slice(1).trim()
      : '';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    // Before Node 14.8 the file could not even be parsed.
    if (major >= 16 && (major < 22 || (major === 22 && minor < 19))) return { path, version };
  }
  return undefined;
}

describe('an old Node', () => {
  it.each(['18.20.8', '20.19.0', '21.7.3', '22.0.0', '22.11.0'])('(%s) is told to be one', (version) => {
    expect(runMain(process.execPath, version)).toMatchObject({
      status: 78,
      stdout: '',
      stderr: complaint(version),
    });
  });

  it('is told so by the real thing, where this machine has one, and by this Node in its place elsewhere', () => {
    const { path, version } = oldNode() ?? { path: process.execPath, version: undefined };
    expect(runMain(path, version === undefined ? '20.20.2' : undefined)).toMatchObject({
      status: 78,
      stdout: '',
      stderr: complaint(version ?? '20.20.2'),
    });
  });

  it('meets no import before it is told: one of those might fail first, or crash', () => {
    expect(main).toContain('process.versions.node');
    expect(main).not.toMatch(/^\s*(import|export)\b(?!\s*\()/m);
    expect(main.indexOf('import(')).toBeGreaterThan(main.indexOf('process.exit(78)'));
  });
});

describe('a Node that is new enough', () => {
  it.each(['22.19.0', '22.22.0', '23.0.0', '24.0.0', process.versions.node, '30.1.0'])(
    '(%s) goes on',
    (version) => {
      expect(runMain(process.execPath, version)).toMatchObject({ status: 0, stdout: 'loaded\n', stderr: '' });
    },
  );
});
