import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { expect } from '@jest/globals';
import pg from 'pg';

import { PATH, signature, toBytes } from '../support/service.js';

/** Longer than the service may take in any case: an answer that does not come by then never comes. */
const TIMEOUT_MS = 20_000;
const RETRY_MS = 25;
/** How long everything that was begun may take to be acknowledged once the fault is over. */
const FINISH_LIMIT_MS = 40_000;

export interface LoadOptions {
  /** Where the next request goes. */
  readonly port: () => number;
  /** Makes the interactions of this load unlike those of others. */
  readonly prefix: string;
  readonly connections?: number;
  /** Bytes that each body has beside its event. */
  readonly padding?: number;
}

/** A vendor under whose eyes a fault happens: it sends each event until it is told 200, and takes notes. */
export class Load {
  readonly attempted = new Set<string>();
  readonly acknowledged = new Set<string>();
  /** How often each status came; 0 stands for no answer. */
  readonly statuses = new Map<number, number>();
  /** The longest that an answer took. */
  slowestMs = 0;
  private stopping = false;
  private loops: Promise<void>[] = [];

  constructor(private readonly options: LoadOptions) {}

  /** Starts to send, and goes on until {@link finish}. */
  start(): this {
    const { connections = 8 } = this.options;
    this.loops = Array.from({ length: connections }, (_, connection) => this.loop(connection));
    return this;
  }

  answered(status: number): number {
    return this.statuses.get(status) ?? 0;
  }

  /** Ends when each interaction that was begun is acknowledged to its end. */
  async finish(): Promise<void> {
    this.stopping = true;
    const limit = new AbortController();
    const late = delay(FINISH_LIMIT_MS, 'late', { signal: limit.signal }).catch(() => undefined);
    const ended = await Promise.race([Promise.all(this.loops), late]);
    limit.abort();
    const open = [...this.attempted].filter((name) => !this.acknowledged.has(name));
    if (ended === 'late') throw new Error(`Never acknowledged, however often sent: ${open.join(', ')}`);
  }

  private async loop(connection: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; !this.stopping; i++) {
      const id = `${this.options.prefix}-${connection}-${i}`;
      for (const event of ['STARTED', 'FINISHED']) await this.deliver(agent, id, event);
    }
    agent.destroy();
  }

  private async deliver(agent: Agent, id: string, event: string): Promise<void> {
    const name = `${id}/${event}`;
    const entities = [{ event, entity: { id, mediaType: 'chat' } }];
    const filler = 'x'.repeat(this.options.padding ?? 0);
    const body = toBytes({ operationId: name, data: { entities }, filler });
    this.attempted.add(name);
    for (;;) {
      const start = performance.now();
      const status = await post(agent, this.options.port(), body);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
      this.statuses.set(status, this.answered(status) + 1);
      if (status === 200) break;
      await delay(RETRY_MS);
    }
    this.acknowledged.add(name);
  }
}

/** The status of a whole answer, or 0. */
function post(agent: Agent, port: number, body: Buffer): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-hub-signature': signature(body),
  };
  const options = {
    agent,
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: PATH,
    timeout: TIMEOUT_MS,
    headers,
  };
  return new Promise((resolve) => {
    const sent = request(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(0));
    sent.on('close', () => resolve(0));
    sent.end(body);
  });
}

/** Every event of a load is a row, once, and nothing else is: what was acknowledged, and no more. */
export async function expectStored(url: string, loads: readonly Load[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select interaction_id || '/' || type as name from events order by interaction_id, type`,
  );
  await client.end();
  const acknowledged = loads.flatMap((load) => [...load.acknowledged]);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(rows.map(({ name }) => name).sort()).toEqual(acknowledged.sort());
}
