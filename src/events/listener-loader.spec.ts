import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { loadListeners } from './listener-loader.js';
import { ListenerError } from './listener-registry.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'interactions-webhook-listeners-')));
  write('package.json', '{"type":"module"}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('node_modules/@nestjs'), join(folder, 'node_modules/@nestjs'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Modules as a compiler leaves them: decorators are calls. */
const esModule = (...names: string[]): string =>
  [
    "import { Module } from '@nestjs/common';",
    ...names.map((name) => `export class ${name} {}\nModule({ providers: [] })(${name});`),
  ].join('\n');

const namesOf = async (...entries: string[]): Promise<string[]> =>
  (await loadListeners(entries, folder)).map(({ name }) => name);

async function complaint(entry: string): Promise<string> {
  const error = await loadListeners([entry], folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenerError);
  return (error as ListenerError).message;
}

describe('LISTENERS', () => {
  it('may be empty', async () => {
    await expect(namesOf()).resolves.toEqual([]);
  });

  it('loads every Nest module that a file exports, and takes nothing else for one', async () => {
    write(
      'crm.module.js',
      `${esModule('CrmModule', 'BillingModule')}
       export class Helper {}
       export const version = '1.0.0', nothing = null, fields = { providers: [] };
       export function help() {}`,
    );
    await expect(namesOf('./crm.module.js')).resolves.toEqual(
      expect.arrayContaining(['CrmModule', 'BillingModule']),
    );
    await expect(namesOf('./crm.module.js')).resolves.toHaveLength(2);
  });

  it('loads a module that is the default export', async () => {
    write(
      'crm.js',
      `import { Module } from '@nestjs/common';\nclass Crm {}\nModule({ imports: [] })(Crm);\nexport default Crm;`,
    );
    await expect(namesOf('./crm.js')).resolves.toEqual(['Crm']);
  });

  it.each([
    ['./crm.js', 'crm.js'],
    ['./listeners/crm.js', 'listeners/crm.js'],
    ['./crm.mjs', 'crm.mjs'],
    ['./with space.js', 'with space.js'],
    ['./100%.js', '100%.js'],
    ['./a#b?.js', 'a#b?.js'],
  ])('loads the file %s', async (entry, path) => {
    write(path, esModule('CrmModule'));
    await expect(namesOf(entry)).resolves.toEqual(['CrmModule']);
  });

  it('loads a file by its whole path', async () => {
    write('crm.js', esModule('CrmModule'));
    await expect(namesOf(join(folder, 'crm.js'))).resolves.toEqual(['CrmModule']);
  });

  it('loads a folder by its index.js', async () => {
    write('crm/index.js', "export * from './crm.module.js';");
    write('crm/crm.module.js', esModule('CrmModule'));
    await expect(namesOf('./crm')).resolves.toEqual(['CrmModule']);
    await expect(namesOf('./crm/')).resolves.toEqual(['CrmModule']);
  });

  it('loads a folder by the "main" of its package', async () => {
    write('crm/package.json', '{"type":"module","main":"./dist/crm.js"}');
    write('crm/dist/crm.js', esModule('CrmModule'));
    await expect(namesOf('./crm')).resolves.toEqual(['CrmModule']);
  });

  it.each([
    ['with "main"', 'genesys-crm', '{"type":"module","main":"lib/crm.js"}'],
    ['with "exports"', 'genesys-crm', '{"type":"module","exports":"./lib/crm.js"}'],
    ['that only import finds', 'genesys-crm', '{"exports":{"import":"./lib/crm.js"},"type":"module"}'],
    ['of a scope', '@acme/genesys-crm', '{"type":"module","exports":{".":{"default":"./lib/crm.js"}}}'],
  ])('loads a package %s', async (_, name, manifest) => {
    write(`node_modules/${name}/package.json`, manifest);
    write(`node_modules/${name}/lib/crm.js`, esModule('CrmModule'));
    await expect(namesOf(name)).resolves.toEqual(['CrmModule']);
  });

  it('loads several entries, and a module only once', async () => {
    write('crm.js', esModule('CrmModule'));
    write('billing.js', `${esModule('BillingModule')}\nexport { CrmModule } from './crm.js';`);
    const names = await namesOf('./crm.js', './billing.js', './crm.js');
    expect(names.sort()).toEqual(['BillingModule', 'CrmModule']);
  });
});

describe('an entry of LISTENERS is refused, and named,', () => {
  it('when there is no such file', async () => {
    expect(await complaint('./crm.js')).toBe(
      `LISTENERS: ./crm.js is not there (looked for ${folder}/crm.js).`,
    );
  });

  it('when there is no such package', async () => {
    expect(await complaint('genesys-crm')).toBe(
      `LISTENERS: the package genesys-crm is not installed in ${folder}. A path must start with "./".`,
    );
  });

  it('when it is a file without "./"', async () => {
    write('crm.js', esModule('CrmModule'));
    expect(await complaint('crm.js')).toContain('A path must start with "./".');
  });

  it('when it is a folder without an entry', async () => {
    write('crm/crm.module.js', esModule('CrmModule'));
    expect(await complaint('./crm')).toBe(
      'LISTENERS: the folder ./crm has neither an index.js nor a package.json with "main".',
    );
  });

  it.each([
    ['exports nothing', ''],
    ['exports classes alone, of which none is a module', 'export class CrmModule {}'],
    [
      'exports an object that looks like a module',
      'export const CrmModule = { providers: [], imports: [] };',
    ],
    ['has a module that it does not export', esModule('CrmModule').replace('export ', '')],
  ])('when it %s', async (_, source) => {
    write('crm.js', source);
    expect(await complaint('./crm.js')).toBe(
      `LISTENERS: ./crm.js (${folder}/crm.js) exports no Nest module, that is no class with @Module().`,
    );
  });

  it.each([
    ['is no JavaScript', 'export class {', /Unexpected token/],
    ['throws', "throw new Error('CRM_URL is missing');", /CRM_URL is missing$/],
    ['imports what is not installed', "import '@acme/crm-client';", /@acme\/crm-client/],
    ['imports what is not exported', "import { Modul } from '@nestjs/common';", /Modul/],
  ])('when it %s', async (_, source, reason) => {
    write('crm.js', source);
    const message = await complaint('./crm.js');
    expect(message.startsWith(`LISTENERS: ./crm.js (${folder}/crm.js) cannot be loaded: `)).toBe(true);
    expect(message).toMatch(reason);
  });
});
