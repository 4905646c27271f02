import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { Command } from 'commander';

import { UsageError } from '../failure.js';
import { manifestOf, TSCONFIG } from '../new-listener/manifest.js';
import { namesOf, type Names } from '../new-listener/names.js';
import { readmeOf } from '../new-listener/readme.js';
import { GITIGNORE, listenerSource, moduleSource, specSource } from '../new-listener/sources.js';

const EXAMPLE = `
Example:
  npx interactions-webhook new-listener crm-close-case
  cd crm-close-case
  npm install
  npm test
  npm start

The name is the listener's: 1 to 64 characters of a-z, 0-9, ".", "_" and "-".

Exit codes: 0 written; 2 nothing was written: the name cannot be used, or the folder is not empty.`;

/** Adds `new-listener`: a package of one's own for a listener, ready to be tested and started. */
export function addNewListenerCommand(program: Command): void {
  program
    .command('new-listener')
    .description('Write a package with a listener, its test and a README into the new folder ./NAME.')
    .argument('<name>', 'of the listener, and of the folder')
    .addHelpText('after', EXAMPLE)
    .action((name: string) => newListener(name));
}

function newListener(name: string): void {
  const names = namesOf(name);
  const folder = resolve(name);
  const files = filesOf(names);
  try {
    // Nothing of anybody's is overwritten.
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new UsageError(`The folder ${folder} is not empty.`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { flag: 'wx' });
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${folder} cannot be written (${(error as Error).message}).`);
  }
  console.log(
    [
      `The listener "${name}" is in ${folder}:`,
      ...Object.keys(files).map((path) => `  ${path}`),
      '',
      'Next:',
      `  cd ${name}`,
      '  npm install',
      '  npm test',
      '  npm start',
    ].join('\n'),
  );
}

function filesOf(names: Names): Record<string, string> {
  const { name } = names;
  return {
    'package.json': json(manifestOf(names)),
    'tsconfig.json': json(TSCONFIG),
    [`src/${name}.listener.ts`]: listenerSource(names),
    [`src/${name}.module.ts`]: moduleSource(names),
    [`src/${name}.listener.spec.ts`]: specSource(names),
    'README.md': readmeOf(names),
    '.gitignore': GITIGNORE,
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
