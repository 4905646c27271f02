import { spawn, type ChildProcess } from 'node:child_process';
import { watch, type FSWatcher } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { readEnvironment } from '../environment.js';
import { UsageError } from '../failure.js';
import { startCompiler } from './compiler.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
/** A compiler writes several files; the last of them counts. */
const QUIET_MS = 150;
const LOADED = /(?<!\.spec)\.[cm]?js$/;

/**
 * Runs the service in a process of its own, and starts it again whenever the code of a listener changes; the
 * TypeScript of this folder is compiled meanwhile.
 *
 * Not by `node --watch`, which starts again for whatever the process has loaded, the service and all
 * packages included.
 *
 * @returns the exit code, once it was told to stop and has stopped.
 * @throws UsageError when there is nothing to compile with, or to watch.
 */
export async function watchService(): Promise<number> {
  const compiler = await startCompiler();
  try {
    return await new WatchedService(foldersOfListeners()).stopped;
  } finally {
    compiler?.kill('SIGTERM');
  }
}

class WatchedService {
  /** The exit code, after a signal. */
  readonly stopped: Promise<number>;

  private readonly watchers: readonly FSWatcher[];
  private resolveStopped!: (code: number) => void;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private next: 'wait' | 'start' | 'stop' = 'wait';

  constructor(folders: readonly string[]) {
    this.stopped = new Promise((resolve) => (this.resolveStopped = resolve));
    this.watchers = folders.map((folder) =>
      watch(folder, { recursive: true }, (_, file) => {
        if (file !== null && LOADED.test(file)) this.changed();
      }),
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.stop(signal));
    this.start();
  }

  private start(): void {
    this.next = 'wait';
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN, 'start', '--watched'], {
      stdio: 'inherit',
    });
    this.child = child;
    child.once('close', (code) => {
      this.child = undefined;
      if (this.next === 'stop') this.resolveStopped(code ?? 1);
      else if (this.next === 'start') this.start();
      else console.error(`The service ended with ${code}. It starts again on the next change.`);
    });
  }

  private changed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.next === 'stop') return;
      console.log('A listener has changed: starting again …');
      this.next = 'start';
      if (this.child === undefined) this.start();
      else this.child.kill('SIGTERM');
    }, QUIET_MS);
  }

  private stop(signal: NodeJS.Signals): void {
    this.next = 'stop';
    clearTimeout(this.timer);
    for (const watcher of this.watchers) watcher.close();
    if (this.child === undefined) this.resolveStopped(0);
    // The signal that it may have had already, from the terminal: it stops once.
    else this.child.kill(signal);
  }
}

/** Where the code of the listeners is, but for that of installed packages, which nobody edits. */
function foldersOfListeners(): readonly string[] {
  const entries = (readEnvironment().merged['LISTENERS'] ?? '').split(',').map((entry) => entry.trim());
  const require = createRequire(resolve('package.json'));
  const folders = new Set<string>();
  for (const entry of entries.filter((text) => text !== '')) {
    try {
      folders.add(dirname(require.resolve(entry)));
    } catch {
      throw new UsageError(
        `The listener ${entry} is not there to be watched. Is it compiled, and does a path start with "./"?`,
      );
    }
  }
  const own = [...folders].filter((folder) => !folder.split(sep).includes('node_modules'));
  if (own.length === 0) throw new UsageError('There is no listener to watch: name it with --listeners.');
  return own;
}
