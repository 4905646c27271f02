import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { UsageError } from '../failure.js';

/** What tsc says once it has written what it could. */
const COMPILED = 'Watching for file changes';

/**
 * Compiles the TypeScript of this folder, and again on every change, for as long as the process runs.
 *
 * @returns the compiler after it has compiled once, or `undefined` where there is no tsconfig.json.
 * @throws UsageError when there is no TypeScript, or it does not run.
 */
export async function startCompiler(): Promise<ChildProcess | undefined> {
  const project = resolve('tsconfig.json');
  if (!existsSync(project)) return undefined;
  const pretty = process.stdout.isTTY ? ['--pretty'] : [];
  const args = [findCompiler(), '--watch', '--preserveWatchOutput', '--locale', 'en', ...pretty];
  const compiler = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((compiled, reject) => {
    createInterface(compiler.stdout).on('line', (line) => {
      console.log(line);
      if (line.includes(COMPILED)) compiled();
    });
    compiler.once('error', reject);
    compiler.once('close', (code) => reject(new UsageError(`The TypeScript compiler ended with ${code}.`)));
  });
  return compiler;
}

function findCompiler(): string {
  const require = createRequire(resolve('package.json'));
  try {
    const manifest = require.resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
    return join(dirname(manifest), bin.tsc);
  } catch {
    throw new UsageError('There is a tsconfig.json, but no TypeScript: npm install --save-dev typescript');
  }
}
