import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import type { Environment } from '../../src/config/app-config.js';
import { PATH } from '../support/service.js';

const LOADER = pathToFileURL('test/support/typescript.mjs').href;
const MAIN = join(process.cwd(), 'src/cli/main.ts');

/** What a process left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Environment;
  /** Bytes for its standard input. */
  readonly stdin?: Buffer;
  readonly cwd?: string;
  /** Aborting it is a Ctrl-C. */
  readonly interrupt?: AbortSignal;
  /** Told what it has written to its standard output so far, whenever that is more. */
  readonly onStdout?: (soFar: string) => void;
  /** Address of a module that Node loads first. */
  readonly preload?: string;
}

/** A folder of a test's own, without `.env` or data; `remove` it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'interactions-webhook-cli-'));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Starts the real command line as a process, with no variable but those given. */
export function spawnCli(
  args: readonly string[],
  { cwd, env, preload }: Pick<RunOptions, 'cwd' | 'env' | 'preload'>,
): ChildProcessWithoutNullStreams {
  const first = preload === undefined ? [] : ['--import', preload];
  return spawn(process.execPath, ['--import', LOADER, ...first, MAIN, ...args], { cwd, env: { ...env } });
}

/** Runs the real command line as a process, with no variable but those given, and waits for its end. */
export async function cli(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const own = options.cwd === undefined ? new Folder() : undefined;
  const child = spawnCli(args, { ...options, cwd: options.cwd ?? own?.path });
  options.interrupt?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let soFar = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => options.onStdout?.((soFar += chunk)));
  child.stdin.end(options.stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = { code: await code, stdout, stderr };
  own?.remove();
  return ended;
}

/** The address of a service on this machine. */
export function urlOf(port: number, path = PATH): string {
  return `http://127.0.0.1:${port}${path}`;
}

/** An HTTP server that answers as a test says; for what the service itself never answers. */
export class OtherServer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<OtherServer> {
    const server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OtherServer(server, urlOf((server.address() as AddressInfo).port, '/hook'));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
