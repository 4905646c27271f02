import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { PATH, signature, toBytes } from '../support/service.js';
import { nameOf } from './verdict.js';

const CONNECTIONS = 8;
/** How long the vendor would wait for an answer; here kills are not noticed by silence. */
const TIMEOUT_MS = 2_000;
const RETRY_MS = 25;
const PAUSE_MS = 3;
/** Share of acknowledged posts that are sent again, as if the answer had been lost on its way. */
const REPEATED = 0.05;

/** A sender as the vendor's: it delivers again until it is told 200. Each connection has its own interactions. */
export class RetryingSender {
  readonly attempted = new Set<string>();
  readonly acknowledged = new Set<string>();
  /** Posts that were sent again. */
  redeliveries = 0;
  private stopping = false;
  private readonly loops: Promise<void>[] = [];

  /**
   * @param port where the service listens at the moment.
   * @param prefix makes the interactions of this run unlike those of others.
   */
  constructor(
    private readonly port: () => number,
    private readonly random: () => number,
    private readonly prefix: string,
  ) {}

  start(): void {
    for (let connection = 0; connection < CONNECTIONS; connection++) this.loops.push(this.loop(connection));
  }

  /** Ends when every interaction that was begun is acknowledged to its end. */
  async finish(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  private async loop(connection: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; !this.stopping; i++) {
      const interaction = `${this.prefix}-${connection}-${i}`;
      await this.deliver(agent, interaction, 'STARTED');
      await this.deliver(agent, interaction, 'FINISHED');
      await delay(this.random() * PAUSE_MS);
    }
    agent.destroy();
  }

  private async deliver(agent: Agent, interaction: string, type: 'STARTED' | 'FINISHED'): Promise<void> {
    const name = nameOf(interaction, type);
    const body = toBytes({
      operationId: name,
      data: { entities: [{ event: type, entity: { id: interaction, mediaType: 'chat' } }] },
    });
    this.attempted.add(name);
    while ((await this.post(agent, body)) !== 200) {
      this.redeliveries++;
      await delay(RETRY_MS);
    }
    this.acknowledged.add(name);
    if (this.random() < REPEATED) {
      this.redeliveries++;
      await this.post(agent, body);
    }
  }

  /** The status of the answer, or `undefined` where none came. */
  private post(agent: Agent, body: Buffer): Promise<number | undefined> {
    return new Promise((resolve) => {
      const sent = request({
        agent,
        host: '127.0.0.1',
        port: this.port(),
        method: 'POST',
        path: PATH,
        timeout: TIMEOUT_MS,
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          'x-hub-signature': signature(body),
        },
      });
      sent.on('response', (response) => {
        // What counts is the whole answer: the status alone may come from a process that is dying.
        response.resume();
        response.on('end', () => resolve(response.statusCode));
        response.on('error', () => resolve(undefined));
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(undefined));
      sent.on('close', () => resolve(undefined));
      sent.end(body);
    });
  }
}
