import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** Folders of this machine that stand for those of the base image, read-only. */
const SYSTEM = ['/usr', '/bin', '/lib', '/lib64', '/etc'];

/** How a command is run in a {@link RootFolder}. */
export interface Run {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of bubblewrap. */
  readonly options?: readonly string[];
}

/**
 * A folder that processes see as `/`, for what an image's build and a container would do. It has the Debian of
 * this machine, the Node of the checkout in `/usr/local`, and npm as the image has it.
 */
export class RootFolder {
  constructor(readonly path: string) {
    for (const folder of ['proc', 'dev', 'root', 'opt', ...SYSTEM])
      mkdirSync(join(path, folder), { recursive: true });
    mkdirSync(this.local('bin'), { recursive: true });
    cpSync(process.execPath, this.local('bin/node'));
    const npm = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
    cpSync(join(npm, 'npm'), this.local('lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', this.local('bin/npm'));
    symlinkSync('../lib/node_modules/npm/bin/npx-cli.js', this.local('bin/npx'));
  }

  /** The place of a file of the folder in this machine. */
  at(file: string): string {
    return join(this.path, file);
  }

  /** `/usr/local`, which is bound over that of this machine. */
  local(file: string): string {
    return join(this.path, 'usr-local', file);
  }

  write(file: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), content, { mode });
  }

  /** Runs a shell command of the build as root, and waits for its end. */
  build(command: string, { cwd, env = {} }: Run): void {
    const cache = npmConfig('cache');
    mkdirSync(cache, { recursive: true });
    mkdirSync(this.at('root/.npm'), { recursive: true });
    const options = ['--bind', this.path, '/', ...this.system('--bind'), '--bind', cache, '/root/.npm'];
    options.push('--tmpfs', '/tmp');
    const args = this.arguments(options, cwd, { HOME: '/root', ...registry(), ...env });
    execFileSync('bwrap', [...args, 'sh', '-ec', command], { stdio: ['ignore', 'ignore', 'inherit'] });
    rmSync(this.at('tmp'), { recursive: true, force: true });
  }

  /** Starts a command as a container with a read-only root file system would: no rights, no `/tmp`, process 1. */
  start(command: readonly string[], user: string, { cwd, env = {}, options = [] }: Run): ChildProcess {
    const [uid = '', gid = ''] = user.split(':');
    const root = ['--ro-bind', this.path, '/', ...this.system('--ro-bind'), ...options];
    const namespaces = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--as-pid-1', '--info-fd', '3'];
    const args = this.arguments([...root, ...namespaces], cwd, env);
    const drop = [
      'setpriv',
      '--reuid',
      uid,
      '--regid',
      gid,
      '--clear-groups',
      '--no-new-privs',
      '--bounding-set=-all',
    ];
    return spawn('bwrap', [...args, ...drop, ...command], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  }

  private arguments(
    options: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
  ): string[] {
    const variables = { PATH: '/usr/local/bin:/usr/bin:/bin', ...env };
    const set = Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]);
    const common = ['--proc', '/proc', '--dev', '/dev', '--chdir', cwd, '--clearenv', '--die-with-parent'];
    return [...options, ...common, ...set];
  }

  private system(bind: '--bind' | '--ro-bind'): string[] {
    const binds = SYSTEM.filter((folder) => existsSync(folder)).flatMap((folder) => [
      '--ro-bind',
      folder,
      folder,
    ]);
    return [...binds, bind, this.local('.'), '/usr/local'];
  }
}

/** The process id, in this machine, of what a sandbox runs as its process 1. */
export async function processIdOf(sandbox: ChildProcess): Promise<number> {
  let text = '';
  for await (const chunk of sandbox.stdio[3] as Readable) text += String(chunk);
  return (JSON.parse(text) as { 'child-pid': number })['child-pid'];
}

/** A line of `/proc/PID/status`. */
export function statusOf(pid: number, name: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}

/** Where this machine gets its packages, and whom it believes that it is the right place. */
function registry(): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  return {
    npm_config_registry: npmConfig('registry'),
    ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }),
  };
}

function npmConfig(key: string): string {
  return execFileSync('npm', ['config', 'get', key], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
