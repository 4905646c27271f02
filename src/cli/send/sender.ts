import type { KeyObject } from 'node:crypto';
import {
  Agent,
  request as requestHttp,
  STATUS_CODES,
  validateHeaderValue,
  type IncomingMessage,
} from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';

import { sign } from '../../webhook/signature.js';
import { UsageError } from '../failure.js';
import type { Target } from './target.js';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  /** Milliseconds from the request to the end of its answer. */
  readonly ms: number;
}

/** A request that nobody answered. */
export interface NoAnswer {
  readonly code: string;
  readonly message: string;
}

/** What became of a request. */
export type Outcome = Answer | NoAnswer;

export interface SenderOptions {
  readonly target: Target;
  readonly key: KeyObject;
  readonly traceId: string | undefined;
  readonly timeoutMs: number;
  /** Connections that are kept open. */
  readonly connections: number;
}

/** Signs bodies and posts them as the vendor does. A redirect is an answer like any other: it is not followed. */
export class Sender {
  private readonly agent: Agent;
  private readonly headers: Readonly<Record<string, string>>;

  /** @throws UsageError when the trace id or the key cannot be a header. */
  constructor(private readonly options: SenderOptions) {
    const { target, connections } = options;
    const pool = { keepAlive: true, maxSockets: connections };
    this.agent = target.url.protocol === 'https:' ? new TlsAgent(pool) : new Agent(pool);
    this.headers = {
      'content-type': 'application/json',
      ...header('x-api-key', target.apiKey),
      ...header('x-b3-traceid', options.traceId),
    };
  }

  /**
   * Sends one body. It never rejects: that nobody answers is an outcome.
   *
   * @param traceId of this request, instead of the one of all.
   */
  send(body: Buffer, traceId?: string): Promise<Outcome> {
    const { target, key, timeoutMs } = this.options;
    const request = target.url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = {
      ...this.headers,
      ...header('x-b3-traceid', traceId),
      'content-length': body.length,
      'x-hub-signature': sign(key, body),
    };
    const started = performance.now();
    return new Promise((resolve) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(deadline);
        resolve({ code: error.code ?? error.name, message: describe(error, target.url, timeoutMs) });
      };
      const sent = request(target.url, { method: 'POST', agent: this.agent, headers }, (response) => {
        response.on('error', fail);
        read(response, (text) => {
          clearTimeout(deadline);
          resolve({ ...statusOf(response), body: text, ms: performance.now() - started });
        });
      });
      const deadline = setTimeout(() => {
        fail(timeout());
        sent.destroy();
      }, timeoutMs);
      sent.on('error', fail);
      sent.end(body);
    });
  }

  /** Ends all connections; requests that still wait get no answer. */
  close(): void {
    this.agent.destroy();
  }
}

function header(name: string, value: string | undefined): Record<string, string> {
  if (value === undefined) return {};
  try {
    validateHeaderValue(name, value);
  } catch {
    throw new UsageError(`The value for the header ${name} has characters that no header can carry.`);
  }
  return { [name]: value };
}

function read(response: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(Buffer.concat(chunks).toString()));
}

function statusOf({ statusCode = 0, statusMessage }: IncomingMessage): { status: number; reason: string } {
  return { status: statusCode, reason: statusMessage || (STATUS_CODES[statusCode] ?? '') };
}

function timeout(): NodeJS.ErrnoException {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}

function describe({ code, message }: NodeJS.ErrnoException, { origin }: URL, timeoutMs: number): string {
  if (code === 'ECONNREFUSED') {
    return `Nothing listens at ${origin}. Start the service with "npm start", or name another address with --url.`;
  }
  if (code === 'EPIPE') {
    // What it answered before it closed is lost with the connection.
    return `${origin} closed the connection before the whole body was sent; the body may be larger than it takes.`;
  }
  if (code === 'ETIMEDOUT') return `${origin} did not answer within ${timeoutMs / 1000} s.`;
  return `${origin} did not answer: ${message || 'the connection failed'}${code === undefined ? '' : ` (${code})`}.`;
}
