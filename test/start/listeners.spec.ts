import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { payload } from '../support/service.js';
import { StartFolder, type Refused } from '../support/start-folder.js';
import { until } from '../support/until.js';

const CONFIG = 78;
const NEST = import.meta.resolve('@nestjs/common');

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

function write(name: string, content: string): void {
  mkdirSync(dirname(folder.file(name)), { recursive: true });
  folder.write(name, content);
}

const IMPORTS = `
  import { Inject, Injectable, Module } from '${NEST}';
  import { OnInteraction } from '${pathToFileURL('src/index.ts').href}';`;

/** A class with one listener, as its author writes it. */
const listener = (name: string, body = ''): string => `
  export class ${name} {
    @OnInteraction({ name: '${name.toLowerCase()}' }) close(event) { console.log('${name} got ' + event.interactionId); }
    ${body}
  }`;

const refuse = (entry = './crm.ts'): Promise<Refused> =>
  folder.refused({ LISTENERS: entry, AUDIT_LOG: 'on' });

describe('a listener that nothing would ever call', () => {
  it('stops the start, and is named with what to do', async () => {
    write('crm.ts', `${IMPORTS} ${listener('Crm')} @Module({ providers: [] }) export class CrmModule {}`);
    expect(await refuse()).toEqual({
      code: CONFIG,
      stdout: '',
      stderr: `LISTENERS: ./crm.ts (${folder.file('crm.ts')}) has the listener Crm.close, but no module provides Crm, so nothing would ever call it. Add Crm to the "providers" of a module that this file exports, or remove @OnInteraction.\n`,
    });
  });

  it('stops the start when it is in a file that the named one imports', async () => {
    write('crm.listener.ts', `${IMPORTS} ${listener('Crm')}`);
    write(
      'crm.ts',
      `${IMPORTS} import './crm.listener.ts'; @Module({ providers: [] }) export class CrmModule {}`,
    );
    expect(await refuse()).toMatchObject({
      code: CONFIG,
      stderr: expect.stringContaining('has the listener Crm.close, but no module provides Crm'),
    });
  });

  it('stops the start when its file is not even loaded, since nothing uses it', async () => {
    write('crm.ts', `${IMPORTS} @Module({ providers: [] }) export class CrmModule {}`);
    expect(await refuse()).toEqual({
      code: CONFIG,
      stdout: '',
      stderr: `LISTENERS: ./crm.ts (${folder.file('crm.ts')}) brings no listener: nothing that its modules provide has a method with @OnInteraction. Add the class of the listener to the "providers" of a module that this file exports.\n`,
    });
  });

  it('stops the start when it is static', async () => {
    write(
      'crm.ts',
      `${IMPORTS} export class Crm { @OnInteraction({ name: 'crm' }) static close() {} }
       @Module({ providers: [Crm] }) export class CrmModule {}`,
    );
    expect(await refuse()).toMatchObject({
      code: CONFIG,
      stderr: expect.stringContaining('has @OnInteraction on the static method Crm.close'),
    });
  });

  it('is none that a subclass, another entry or a factory stands for', async () => {
    write(
      'base.ts',
      `${IMPORTS} ${listener('Base')} ${listener('Elsewhere')} ${listener('Optional')}
      @Module({ providers: [{ provide: Optional, useFactory: () => null }] }) export class BaseModule {}`,
    );
    write(
      'crm.ts',
      `${IMPORTS} import { Base, Elsewhere } from './base.ts'; class Crm extends Base {}
       @Module({ providers: [Crm, { provide: 'ELSEWHERE', useClass: Elsewhere }] }) export class CrmModule {}`,
    );
    // Loaded by the first entry already, and provided by what it imports.
    write(
      'again.ts',
      `${IMPORTS} import { CrmModule } from './crm.ts'; @Module({ imports: [CrmModule] }) export class AgainModule {}`,
    );
    const service = await folder.start({ LISTENERS: './base.ts,./crm.ts,./again.ts' });
    await service.post(payload('FINISHED', 'one'));
    await until(
      () => service.output.includes('Base got one') && service.output.includes('Elsewhere got one'),
    );
    expect(service.output).not.toContain('Optional got');
  });
});

describe('a package of listeners', () => {
  const PACKAGE = 'node_modules/@acme/genesys-crm';

  it('may be there for import alone, and is told of a copy of Nest that it brings', async () => {
    const copy = `${PACKAGE}/node_modules/@nestjs/common`;
    write(`${copy}/package.json`, '{ "name": "@nestjs/common", "type": "module", "main": "index.js" }');
    write(`${copy}/index.js`, `export * from '${NEST}';`);
    // Node leaves TypeScript in node_modules alone, and so does the loader of these tests.
    write('crm.ts', `${IMPORTS} ${listener('Crm')} @Module({ providers: [Crm] }) export class CrmModule {}`);
    write(`${PACKAGE}/package.json`, '{ "type": "module", "exports": { ".": { "import": "./crm.js" } } }');
    write(
      `${PACKAGE}/crm.js`,
      `export * from '${pathToFileURL(folder.file('crm.ts')).href}'; import '@nestjs/common';`,
    );
    const service = await folder.start({ LISTENERS: '@acme/genesys-crm' });
    await service.post(payload('FINISHED', 'one'));
    await until(() => service.output.includes('Crm got one'));
    expect(service.stderr).toBe(
      `LISTENERS: @acme/genesys-crm uses a copy of @nestjs/common of its own (${folder.file(copy)}/index.js). Injection and logs can fail between two copies: make it a peer dependency of the listener's package ("peerDependencies"), and install it once, beside the service.\n`,
    );
  });

  it('is refused when it exports nothing to import', async () => {
    write(`${PACKAGE}/package.json`, '{ "type": "module", "exports": { "./crm": "./crm.js" } }');
    const { code, stderr } = await refuse('@acme/genesys-crm');
    expect(code).toBe(CONFIG);
    expect(stderr).toMatch(
      /^LISTENERS: the package @acme\/genesys-crm cannot be imported: No "exports" main defined in .+\n$/,
    );
  });
});
