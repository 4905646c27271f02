import type { ServerResponse } from 'node:http';

/** What a reader is granted. */
export interface StreamLimits {
  /** Bytes that may wait for it. */
  readonly bufferBytes: number;
  /** Milliseconds it may take to read what waits for it. */
  readonly drainMs: number;
  /** Keeps proxies from closing a connection on which nothing happens, and finds readers that are gone. */
  readonly heartbeatMs: number;
}

const LIMITS: StreamLimits = { bufferBytes: 1024 * 1024, drainMs: 30_000, heartbeatMs: 15_000 };

/** A response that sends events for as long as its reader reads them. */
export class StreamConnection {
  private readonly closing = new AbortController();
  private readonly heartbeat: NodeJS.Timeout;
  private readonly end: NodeJS.Timeout | undefined;
  private drain: NodeJS.Timeout | undefined;

  /**
   * @param headers beside those of every stream.
   * @param lifetimeMs how long it may last; `undefined`: without end.
   */
  constructor(
    private readonly response: ServerResponse,
    headers: Record<string, number | string | string[] | undefined>,
    lifetimeMs: number | undefined,
    private readonly limits = LIMITS,
  ) {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies such as nginx would gather events before they pass them on.
      'x-accel-buffering': 'no',
    });
    response.on('close', () => this.cleanUp());
    response.on('error', () => this.cut());
    this.heartbeat = setInterval(() => this.write(': still here\n\n'), limits.heartbeatMs).unref();
    this.end = lifetimeMs === undefined ? undefined : setTimeout(() => this.close(), lifetimeMs).unref();
    this.write('retry: 1000\n\n');
  }

  /** Fires when the connection has ended, whoever ended it. */
  get ended(): AbortSignal {
    return this.closing.signal;
  }

  /** Sends an event. A reader that does not read is cut off: it can come again, and go on after its last event. */
  send(event: string, json: string, id?: number): void {
    this.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`);
  }

  /** Tells the reader a position without an event: a browser comes again with it as its last event. */
  mark(id: number): void {
    this.write(`id: ${id}\n\n`);
  }

  /** Waits until what was sent has been taken, or the connection has ended. */
  drained(): Promise<void> {
    const { response } = this;
    if (!response.writableNeedDrain || this.ended.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  /** Ends it in good order. */
  close(): void {
    this.response.end();
    // A reader that does not read would keep it open.
    if (this.response.writableNeedDrain) this.cut();
  }

  private write(text: string): void {
    if (this.ended.aborted || this.response.writableEnded) return;
    if (this.response.write(text)) return;
    if (this.response.writableLength > this.limits.bufferBytes) {
      this.cut();
      return;
    }
    if (this.drain !== undefined) return;
    this.drain = setTimeout(() => this.cut(), this.limits.drainMs).unref();
    this.response.once('drain', () => {
      clearTimeout(this.drain);
      this.drain = undefined;
    });
  }

  private cut(): void {
    this.response.destroy();
    this.cleanUp();
  }

  private cleanUp(): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.end);
    clearTimeout(this.drain);
    this.closing.abort();
  }
}
