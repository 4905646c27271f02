import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import type { Environment } from '../../src/config/app-config.js';

/** What a clone has that is needed to build, to start and to pack. */
const FILES = ['src', 'console', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
/** A build on a busy machine is slow; what takes longer than this hangs. */
const LIMIT_MS = 90_000;

/** A folder of a test's own in which commands are run as a reader would type them. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'interactions-webhook-docs-'));
  private readonly commands: Command[] = [];
  readonly env: Environment;

  /** @param env variables that every command has; nothing else but PATH and HOME is handed on. */
  constructor(env: Environment = {}) {
    const { PATH, HOME } = process.env;
    this.env = { PATH, HOME, npm_config_update_notifier: 'false', ...env };
  }

  /** A copy of the checkout, as a fresh clone is after `npm ci`. */
  static checkout(env: Environment = {}): Folder {
    const folder = new Folder(env);
    for (const file of FILES) cpSync(file, join(folder.path, file), { recursive: true });
    symlinkSync(resolve('node_modules'), join(folder.path, 'node_modules'), 'dir');
    return folder;
  }

  /** An empty folder into which a built checkout is installed, packed. What it needs is linked, not downloaded. */
  static async installation(checkout: Folder): Promise<Folder> {
    // Built already.
    await checkout.run('npm pack --ignore-scripts');
    const folder = new Folder(checkout.env);
    mkdirSync(join(folder.path, 'node_modules'));
    const link = (name: string): void =>
      symlinkSync(resolve('node_modules', name), join(folder.path, 'node_modules', name));
    readdirSync('node_modules')
      .filter((name) => name !== '.bin')
      .forEach(link);
    mkdirSync(join(folder.path, 'node_modules/.bin'));
    readdirSync('node_modules/.bin').forEach((name) => link(join('.bin', name)));
    await folder.run(`tar -xzf ${checkout.path}/*.tgz && mv package node_modules/interactions-webhook`);
    await folder.run('chmod +x node_modules/interactions-webhook/dist/cli/main.js');
    await folder.run('ln -s ../interactions-webhook/dist/cli/main.js node_modules/.bin/interactions-webhook');
    return folder;
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
  }

  /** Starts a command line. */
  start(line: string): Command {
    const command = new Command(line, this.path, this.env);
    this.commands.push(command);
    return command;
  }

  /** Runs a command line to its end, and gives back what it printed. */
  async run(line: string): Promise<string> {
    const command = this.start(line);
    const code = await command.ended();
    if (code !== 0) throw new Error(`"${line}" ended with ${code}:\n${command.output}`);
    return command.output;
  }

  /** Ends what still runs, and removes the folder. */
  async remove(): Promise<void> {
    for (const command of this.commands) await command.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A command line that runs. */
export class Command {
  /** What it has printed so far, on standard output and standard error. */
  output = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(
    private readonly line: string,
    cwd: string,
    env: Environment,
  ) {
    // A process group of its own: npm does not hand every signal on.
    this.child = spawn(line, { cwd, env, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.closed = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.child.emit('printed');
      });
    }
  }

  /** Waits until it has printed what matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      // By itself, or by a signal.
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`"${this.line}" ended:\n${this.output}`);
      await Promise.race([once(this.child, 'printed', { signal }), this.closed]).catch(() => {
        throw new Error(`"${this.line}" did not print ${pattern}, but:\n${this.output}`);
      });
    }
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }

  /** Ends it as Ctrl-C does, and waits. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined)
      return;
    process.kill(-this.child.pid, 'SIGINT');
    await this.closed;
  }
}
