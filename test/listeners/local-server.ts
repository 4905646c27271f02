import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a {@link LocalServer} got, read to its end. */
export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** An HTTP server of this machine that remembers what it was asked. */
export class LocalServer {
  readonly seen: Seen[] = [];
  /** Connections, whether or not a request came over them. */
  connections = 0;
  answer: (response: ServerResponse, request: Seen) => void = (response) => response.end('{}');

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  /** @param everywhere listens on every address of the machine, IPv6 too where there is one. */
  static async start(answer?: LocalServer['answer'], everywhere = false): Promise<LocalServer> {
    const http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
        local.seen.push(seen);
        local.answer(response, seen);
      });
    });
    const local = new LocalServer(http);
    if (answer) local.answer = answer;
    http.on('connection', () => local.connections++);
    http.listen(0, everywhere ? undefined : '127.0.0.1');
    await once(http, 'listening');
    return local;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers with a status and headers, and no body. */
export function status(code: number, headers: Record<string, string> = {}): LocalServer['answer'] {
  return (response) => response.writeHead(code, headers).end();
}
