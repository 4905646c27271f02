import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and loses what it is told to lose. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private losing: { readonly what: 'request' | 'answer' | 'answerTo'; readonly text: string } | undefined;
  /** How many connections it has cut because of what was to be lost. */
  lost = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param port to listen on, if it is not to be a free one. */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client: Socket) => proxy.join(client, connect(targetPort, '127.0.0.1')));
    return proxy;
  }

  /** Cuts the next connection on which a request with this text is sent, and does not send it on. */
  loseRequest(text: string): void {
    this.losing = { what: 'request', text };
  }

  /** Cuts the next connection on which a request with this text was sent, when the answer comes. */
  loseAnswerTo(text: string): void {
    this.losing = { what: 'answerTo', text };
  }

  /** Cuts the next connection on which an answer with this text comes, and does not send it on. */
  loseAnswer(text: string): void {
    this.losing = { what: 'answer', text };
  }

  /** Cuts all connections, and takes no more. */
  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    let isLost = false;
    client.on('data', (bytes) => {
      if (this.isToLose('request', bytes)) {
        client.destroy();
        return;
      }
      isLost ||= this.isToLose('answerTo', bytes);
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (isLost || this.isToLose('answer', bytes)) client.destroy();
      else client.write(bytes);
    });
  }

  private isToLose(what: 'request' | 'answer' | 'answerTo', bytes: Buffer): boolean {
    if (this.losing?.what !== what || !bytes.includes(this.losing.text)) return false;
    this.losing = undefined;
    this.lost++;
    return true;
  }
}
