import { createSecretKey } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { pairBodies } from '../../src/cli/send/bodies.js';
import { Sender } from '../../src/cli/send/sender.js';
import { findTarget } from '../../src/cli/send/target.js';

const CONNECTIONS = 6;
const TIMEOUT_MS = 10_000;
const RETRY_MS = 50;
/** Enough to see it move, and little enough to leave a laptop usable. */
const PAUSE_MS = 10;

/** What `send --pair` sends, over and over; as the vendor does, each body until it is answered 200. */
export class Traffic {
  sent = 0;
  /** The operations that were answered 200: each of these bodies has one of its own. */
  readonly acknowledged = new Set<string>();
  private readonly sender: Sender;

  constructor(url: string, secret: string) {
    const env = { NODE_ENV: 'production' };
    const target = findTarget({ url: new URL(url), channel: 'default' }, env);
    const options = { traceId: undefined, timeoutMs: TIMEOUT_MS, connections: CONNECTIONS };
    this.sender = new Sender({ target, key: createSecretKey(secret, 'utf8'), ...options });
  }

  /** Sends until it is told to stop, and then to the end of what it has begun. */
  async run(stop: AbortSignal): Promise<void> {
    const source = pairBodies({ mediaType: 'chat', subtype: 'InboundNew' });
    const work = async (): Promise<void> => {
      while (!stop.aborted) {
        for (const body of source()) await this.deliver(body);
        await delay(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    this.sender.close();
  }

  private async deliver(body: Buffer): Promise<void> {
    const { operationId } = JSON.parse(body.toString()) as { operationId: string };
    this.sent++;
    for (;;) {
      const outcome = await this.sender.send(body);
      if ('status' in outcome && outcome.status === 200) break;
      if ('status' in outcome && outcome.status < 500)
        throw new Error(`Answered ${outcome.status}: ${outcome.body}`);
      await delay(RETRY_MS);
    }
    this.acknowledged.add(operationId);
  }
}
