import pg from 'pg';

import type { PostgresDatabase } from '../../config/database.js';
import { connectionOptions } from './connections.js';

const CHANNEL = 'interactions_webhook';
/** Between two attempts to listen: until then, polls find what is due. */
const RETRY_MS = 1_000;
/** Others are told no more often: one call makes them look for all that is due. */
const INTERVAL_MS = 20;

/**
 * Tells other processes that deliveries are due, and is told. A connection of its own: a pool's are lent now to
 * one, now to another. No NOTIFY is in the transaction of an append, since those that have one commit one after
 * the other.
 */
export class Wake {
  onWake: () => void = () => undefined;
  private client: pg.Client | undefined;
  /** The client, once it listens. */
  private listening: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private telling: NodeJS.Timeout | undefined;
  private again = false;
  private closed = false;

  constructor(private readonly database: PostgresDatabase) {}

  /** Listens, and goes on to try. */
  listen(): void {
    const client = new pg.Client(connectionOptions(this.database));
    client.on('notification', ({ processId }) => {
      if (processId !== (client as unknown as { processID: number }).processID) this.onWake();
    });
    client.on('error', () => this.listenLater(client));
    client.on('end', () => this.listenLater(client));
    this.client = client;
    // Nothing is lost with a notification that is: no commit of it waits for the disk.
    client
      .connect()
      .then(() => client.query(`set synchronous_commit = off; listen ${CHANNEL}`))
      .then(() => {
        if (this.client === client) this.listening = client;
        // What came while nobody listened.
        this.onWake();
      })
      .catch(() => this.listenLater(client));
  }

  /** Tells the others soon. */
  tell(): void {
    if (this.telling !== undefined) {
      this.again = true;
      return;
    }
    // One at a time on the connection: the next waits until this one is answered.
    const told = this.listening?.query(`notify ${CHANNEL}`).catch(() => undefined);
    this.telling = setTimeout(() => void this.tellAgain(told), INTERVAL_MS);
  }

  private async tellAgain(told: Promise<unknown> | undefined): Promise<void> {
    await told;
    this.telling = undefined;
    const { again } = this;
    this.again = false;
    if (again && !this.closed) this.tell();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    clearTimeout(this.telling);
    await this.client?.end().catch(() => undefined);
  }

  private listenLater(client: pg.Client): void {
    if (this.closed || this.client !== client) return;
    this.client = undefined;
    this.listening = undefined;
    client.end().catch(() => undefined);
    this.retry = setTimeout(() => this.listen(), RETRY_MS);
  }
}
