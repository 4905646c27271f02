import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The system in which the documented listener closes cases. */
export class Crm {
  /** What it was asked: path and idempotency key. */
  readonly requests: { path: string; key: unknown }[] = [];
  /** Statuses that it answers for a case, one after the other; then 204. */
  readonly answers = new Map<string, number[]>();

  private readonly server: Server = createServer(({ url = '', headers }, response) => {
    this.requests.push({ path: url, key: headers['idempotency-key'] });
    const status = this.answers.get(url.split('/')[2] ?? '')?.shift() ?? 204;
    response.writeHead(status, status === 429 ? { 'retry-after': '0' } : {}).end();
  });

  /** @returns its address. */
  async start(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
