import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { PATH, signature, type Answer } from './service.js';

const HEADERS_END = '\r\n\r\n';

/** A connection on which a test writes the bytes itself: for what an HTTP client would not send. */
export class RawSocket {
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  private received = Buffer.alloc(0);
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    // A connection that the server cuts off shows as an answer that never comes whole: see `answer`.
    socket.on('error', () => undefined);
    socket.on('close', () => this.wake());
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  /** Writes bytes, and resolves when the kernel has them. */
  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** The next answer on this connection, `100 Continue` included. */
  async answer(): Promise<Answer> {
    for (;;) {
      const answer = this.take();
      if (answer !== undefined) return answer;
      if (this.socket.closed) throw new Error(`Closed after: ${this.received.toString('latin1')}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(): Answer | undefined {
    const headEnd = this.received.indexOf(HEADERS_END);
    if (headEnd === -1) return undefined;
    const [statusLine = '', ...lines] = this.received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const bodyStart = headEnd + HEADERS_END.length;
    const bodyEnd = bodyStart + Number(headers['content-length'] ?? 0);
    if (this.received.length < bodyEnd) return undefined;
    const text = this.received.toString('utf8', bodyStart, bodyEnd);
    this.received = this.received.subarray(bodyEnd);
    return {
      status: Number(statusLine.split(' ')[1]),
      headers,
      text,
      get json(): unknown {
        return JSON.parse(text) as unknown;
      },
    };
  }
}

/** What {@link rawPost} does otherwise than a usual client. */
interface RawPost {
  readonly path?: string;
  readonly version?: '1.0' | '1.1';
  /** Header lines, added as they are. */
  readonly lines?: readonly string[];
  /** Header lines to leave out, by their name in lower case. */
  readonly without?: readonly string[];
}

/** The head of a signed POST, down to the empty line. */
export function rawHead(
  body: Buffer,
  { path = PATH, version = '1.1', lines = [], without = [] }: RawPost = {},
): string {
  const usual = [
    'Host: localhost',
    'Content-Type: application/json',
    `X-Hub-Signature: ${signature(body)}`,
    `Content-Length: ${body.length}`,
  ].filter((line) => !without.includes(line.slice(0, line.indexOf(':')).toLowerCase()));
  return `POST ${path} HTTP/${version}\r\n${[...usual, ...lines].join('\r\n')}${HEADERS_END}`;
}

/** The bytes of a signed POST. */
export function rawPost(body: Buffer, options: RawPost = {}): Buffer {
  return Buffer.concat([Buffer.from(rawHead(body, options), 'latin1'), body]);
}

/** Sends bytes on a connection of their own, and gives the first answer. */
export async function exchange(port: number, bytes: Buffer | string): Promise<Answer> {
  const socket = await RawSocket.open(port);
  try {
    await socket.write(bytes);
    return await socket.answer();
  } finally {
    socket.destroy();
  }
}
