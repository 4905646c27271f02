import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Environment } from '../../src/config/app-config.js';
import { ServiceProcess } from './service-process.js';

/** What a start that was refused left behind. */
export interface Refused {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to start services in. Whatever was started there is killed when it is removed. */
export class StartFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'interactions-webhook-start-'));
  private readonly processes: ServiceProcess[] = [];

  file(name: string): string {
    return join(this.path, name);
  }

  /** The data folder of the services, unless they are told another. */
  get dataDir(): string {
    return this.file('data');
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  /** Spawns a service; a variable that is `undefined` is not set. */
  spawn(env: Environment = {}): ServiceProcess {
    const service = ServiceProcess.spawn(this.path, { DATA_DIR: this.dataDir, ...env });
    this.processes.push(service);
    return service;
  }

  /** Starts a service, and waits until it listens. */
  start(env: Environment = {}): Promise<ServiceProcess> {
    return this.spawn(env).ready();
  }

  /** Starts a service that is to end by itself, and waits until it has. */
  async refused(env: Environment): Promise<Refused> {
    const service = this.spawn(env);
    const { code } = await service.exited;
    return { code, stdout: service.stdout, stderr: service.stderr };
  }

  async remove(): Promise<void> {
    await Promise.all(this.processes.map((service) => service.end('SIGKILL')));
    rmSync(this.path, { recursive: true, force: true });
  }
}
