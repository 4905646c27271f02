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
      // What came while nobody listened.
      .then(() => this.onWake())
      .catch(() => this.listenLater(client));
  }

  /** Tells the others soon. */
  tell(): void {
    if (this.telling !== undefined) {
      this.again = true;
      return;
    }
    this.client?.query(`notify ${CHANNEL}`).catch(() => undefined);
    this.telling = setTimeout(() => {
      this.telling = undefined;
      if (this.again) this.tell();
      this.again = false;
    }, INTERVAL_MS);
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
    client.end().catch(() => undefined);
    this.retry = setTimeout(() => this.listen(), RETRY_MS);
  }
}
