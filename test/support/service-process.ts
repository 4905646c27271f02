import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

import type { Environment } from '../../src/config/app-config.js';
import { PATH, SECRET, signature } from './service.js';

const LOADER = pathToFileURL('test/support/typescript.mjs').href;
const MAIN = join(process.cwd(), 'src/main.ts');
const READY = /"msg":"Listening on http:\/\/[^"]+:(\d+)"/;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The service as a process of its own: for what a test could not survive in its own process. */
export class ServiceProcess {
  /** All it wrote so far, to its standard output and error in the order of their arrival. */
  output = '';
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  /** Where it listens; 0 until {@link ready}. */
  port = 0;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
      this.stdout += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
      this.stderr += chunk;
    });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.off('exit', end);
        resolve({ code, signal });
      });
    });
  }

  /**
   * Spawns a service with no variables but the needed ones and those given.
   *
   * @param dataDir its data folder, and the folder it runs in.
   * @param env `LISTENERS` has to name absolute paths.
   */
  static spawn(dataDir: string, env: Environment = {}): ServiceProcess {
    const own = {
      PATH: process.env['PATH'],
      WEBHOOK_SECRET: SECRET,
      DATA_DIR: dataDir,
      PORT: '0',
      DOCS: 'off',
      AUDIT_LOG: 'off',
      INTERACTIONS: 'off',
    };
    const child = spawn(process.execPath, ['--import', LOADER, MAIN], {
      cwd: dataDir,
      env: { ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ServiceProcess(child);
  }

  /** Spawns a service, and waits until it listens. */
  static async start(dataDir: string, env: Environment = {}): Promise<ServiceProcess> {
    return ServiceProcess.spawn(dataDir, env).ready();
  }

  /** Waits until it listens. */
  async ready(): Promise<this> {
    const { stdout } = this.child;
    while (stdout !== null && !READY.test(this.output)) {
      const ended = await Promise.race([
        once(stdout, 'data').then(() => false),
        this.exited.then(() => true),
      ]);
      if (ended) throw new Error(`The service ended instead of listening:\n${this.output}`);
    }
    this.port = Number(READY.exec(this.output)?.[1]);
    return this;
  }

  /** POSTs a body, signed with {@link SECRET}. */
  post(body: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${PATH}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'x-hub-signature': signature(body) },
    });
  }

  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends a signal, and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.kill(signal);
    return this.exited;
  }
}
