import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { startCompiler } from './compiler.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * Runs the service in a process that Node starts anew whenever a file that it has loaded changes; the
 * TypeScript of this folder is compiled meanwhile.
 *
 * @returns the exit code, once it was told to stop and has stopped.
 */
export async function watchService(): Promise<number> {
  const compiler = await startCompiler();
  const args = ['--watch', '--watch-preserve-output', '--enable-source-maps', MAIN, 'start', '--watched'];
  const service = spawn(process.execPath, args, { stdio: 'inherit' });
  const children = compiler === undefined ? [service] : [service, compiler];
  const stop = (): void => children.forEach((child) => child.kill('SIGTERM'));
  process.once('SIGTERM', stop);
  // A terminal sends Ctrl-C to all of them.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) stop();
  });
  const code = await ended(service);
  compiler?.kill('SIGTERM');
  return code;
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 0));
  });
}
