import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../../test/support/typescript.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LISTENS = /"msg":"Listening on http:\/\/[^"]+:(\d+)"/;

/** One replica of the service, as a process of its own. */
export class Replica {
  /** Where it listens, while it does. */
  port: number | undefined;
  private child: ChildProcess | undefined;

  constructor(
    readonly number: number,
    private readonly database: string,
    private readonly folder: string,
    private readonly secret: string,
  ) {}

  /** Starts it, and waits until it listens. */
  async start(): Promise<void> {
    const dataDir = join(this.folder, `replica-${this.number}`);
    mkdirSync(dataDir, { recursive: true });
    const env = {
      DATABASE_URL: this.database,
      WEBHOOK_SECRET: this.secret,
      DATA_DIR: dataDir,
      PORT: '0',
      NODE_ENV: 'production',
    };
    // In a group of its own: Ctrl-C at the terminal is for the demo, which then ends its replicas.
    const child = spawn(process.execPath, ['--import', LOADER, MAIN], {
      cwd: dataDir,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => {
      process.off('exit', end);
      this.port = undefined;
    });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`Replica ${this.number} does not start:\n${output}`)));
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        if (this.port !== undefined) return;
        output += chunk;
        const [, port] = LISTENS.exec(output) ?? [];
        if (port === undefined) return;
        this.port = Number(port);
        resolve();
      });
    });
  }

  /** Ends it without warning. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Lets it end what it has begun. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
