import pg from 'pg';

import type { FaultyServer } from './faulty-server.js';

/** SQLSTATE of a server that has as many connections as it may have. */
const TOO_MANY = '53300';
/** More than any test's `max_connections`. */
const MOST = 500;

/** Takes all connections that a server has, so that those of a service find no place any more. */
export class Crowd {
  private clients: pg.Client[] = [];

  /** @param victim the database whose connections are ended, to be taken by others. */
  static async gather(server: FaultyServer, victim: string): Promise<Crowd> {
    const crowd = new Crowd();
    await crowd.fill(server.url());
    // What the service has is ended by one of the crowd: others could not get in.
    const [first] = crowd.clients;
    let left = 1;
    while (left > 0) {
      const { rows } = await (first as pg.Client).query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${victim}'`,
      );
      await crowd.fill(server.url());
      left = rows.length;
    }
    return crowd;
  }

  async leave(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.end()));
  }

  private async fill(connectionString: string): Promise<void> {
    for (let i = 0; i < MOST; i++) {
      const client = new pg.Client({ connectionString });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch (error) {
        if ((error as { code?: string }).code === TOO_MANY) return;
        throw error;
      }
      this.clients.push(client);
    }
    throw new Error(`The server takes more than ${MOST} connections.`);
  }
}
