/** The programs under test: how each is started, and what can be seen of its process from outside. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';

import type { Scheme } from './load.js';
import { freePort } from '../test/support/free-port.js';

/** The key of every signature. */
export const SECRET = 'benchmark-secret';

/** A program under test. */
export interface Contestant {
  readonly name: string;
  readonly scheme: Scheme;
  /** Whether it stores events, and hands them to the counting listener. */
  readonly durable: boolean;
  /** Whether it runs on whatever core is free, since it is no longer one process that is measured. */
  readonly unpinned?: boolean;
  command(port: number, dataDir: string): { args: string[]; env: Record<string, string> };
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const service = (name: string, listener: string, databaseUrl?: string): Contestant => ({
  name,
  scheme: 'hub',
  durable: true,
  unpinned: databaseUrl !== undefined,
  command: (port, dataDir) => ({
    // As `npm start` has it.
    args: ['--max-semi-space-size=4', '--max-old-space-size=256', file('../dist/main.js')],
    env: {
      PORT: String(port),
      DATA_DIR: dataDir,
      WEBHOOK_SECRET: SECRET,
      LISTENERS: file(listener),
      AUDIT_LOG: 'off',
      LOG_LEVEL: 'warn',
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    },
  }),
});

/** A replica of the service, on PostgreSQL. */
export const replicaOn = (databaseUrl: string): Contestant =>
  service('this service on PostgreSQL', './listeners/counting.module.js', databaseUrl);

const plain = (name: string, scheme: Scheme, script: string): Contestant => ({
  name,
  scheme,
  durable: false,
  command: (port) => ({ args: [file(script), String(port), SECRET], env: {} }),
});

const BASELINE = plain('bare Fastify', 'hub', './contestants/fastify.js');

export const CONTESTANTS = {
  service: service('this service', './listeners/counting.module.js'),
  timed: service('this service, timed', './listeners/timing.module.js'),
  baseline: BASELINE,
  octokit: plain('@octokit/webhooks', 'github', './contestants/octokit.js'),
};

/** The core of the program under test, and that of the load generator. */
export const CORES = { contestant: 0, load: 1 } as const;

/** Whether processes can be pinned to the two cores. */
export const PINNED = Object.values(CORES).every(
  (core) => spawnSync('taskset', ['-c', String(core), 'true']).status === 0,
);

/** Starts Node with these arguments on one core, or on any, with an IPC channel and nothing of our own environment. */
export function spawnNode(
  core: number | undefined,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  const command = [
    ...(PINNED && core !== undefined ? ['taskset', '-c', String(core)] : []),
    process.execPath,
    ...args,
  ];
  return spawn(command[0] as string, command.slice(1), {
    env: { NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

const START_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 10_000;
/** The unit of CPU time in /proc/<pid>/stat on every Linux that Node runs on. */
const TICK_MS = 10;

/** A program under test that runs and answers. */
export class RunningContestant {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Milliseconds from the start of the process to its first answer. */
    readonly readyMs: number,
  ) {}

  static async start(contestant: Contestant, dataDir: string): Promise<RunningContestant> {
    const port = await freePort();
    const { args, env } = contestant.command(port, dataDir);
    const start = performance.now();
    const child = spawnNode(contestant.unpinned === true ? undefined : CORES.contestant, args, env);
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${contestant.name} ended with code ${child.exitCode}.`);
      if (performance.now() - start > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(`${contestant.name} does not answer.`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return new RunningContestant(child, port, performance.now() - start);
  }

  /** Events that its listener was handed so far. */
  async handed(): Promise<number> {
    return (await this.ask('how many?')) as number;
  }

  /** Asks its listener, which answers each message with one of its own. */
  async ask(question: string): Promise<unknown> {
    this.child.send(question);
    const limit = { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) };
    const [answer] = (await once(this.child, 'message', limit)) as [unknown];
    return answer;
  }

  /** CPU time of the process and all its threads so far, user and system; NaN where /proc is missing. */
  cpuMs(): number {
    // After the name, which is in parentheses and can hold anything: state is field 3, utime 14, stime 15.
    const fields = this.proc('stat').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  /** Resident memory in MiB, now and at its highest; NaN where /proc is missing. */
  memory(): { nowMiB: number; peakMiB: number } {
    const status = this.proc('status');
    const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { nowMiB: read('VmRSS'), peakMiB: read('VmHWM') };
  }

  /** Ends it as a supervisor would, and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }

  private proc(name: string): string {
    try {
      return readFileSync(`/proc/${this.child.pid}/${name}`, 'utf8');
    } catch {
      return '';
    }
  }
}

/** Whether anything answers; the service says 200 here, the others 404. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/health/live', agent: false }, (response) => {
      response.resume();
      resolve(true);
    });
    request.on('error', () => resolve(false));
  });
}
