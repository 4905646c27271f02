import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';

import { notTheApi, refusalOf, unreachable } from './refusal.js';
import { send, type RequestOptions } from './request.js';
import type { Page } from './shapes.js';
import type { Token } from './token.js';

/** A parameter of a query; `undefined` is left out, several values are joined by commas. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** What {@link ApiClient.open} takes beside a path. */
export interface OpenOptions {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Items of a page at the most. */
const PAGE_LIMIT = 500;
const TIMEOUT_MS = 60_000;
const NAME_LIMIT = 64;

/** Speaks to the operators' API. A redirect is not followed: the token is for the address that was named. */
export class ApiClient {
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly base: URL,
    private readonly token: Token,
  ) {
    this.headers = { authorization: `Bearer ${token.value}`, 'x-requested-by': requestedBy() };
  }

  /** @throws CommandFailure unless the answer is a success. */
  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.json(this.urlOf(path, query), {});
  }

  /** @throws CommandFailure unless the answer is a success. */
  post<T>(path: string, body: object = {}): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.json(this.urlOf(path), { method: 'POST', body: JSON.stringify(body), headers });
  }

  /**
   * The pages of a list, from the newest on, until there are no more or enough.
   *
   * @param most items in all.
   */
  async *pages<T>(path: string, query: Query, most: number): AsyncGenerator<readonly T[]> {
    let left = most;
    let cursor: string | undefined;
    do {
      const limit = Math.min(left, PAGE_LIMIT);
      const page: Page<T> = await this.get(path, { ...query, limit, cursor });
      if (!Array.isArray(page.items)) throw notTheApi(this.urlOf(path), 200);
      left -= page.items.length;
      cursor = page.next ?? undefined;
      yield page.items;
    } while (cursor !== undefined && left > 0);
  }

  /**
   * An answer that is read as it comes, for as long as it comes.
   *
   * @throws CommandFailure unless the answer is a success.
   */
  open(path: string, { query = {}, headers = {}, signal }: OpenOptions = {}): Promise<IncomingMessage> {
    return this.request(this.urlOf(path, query), { headers, signal });
  }

  private async json<T>(url: URL, options: Partial<RequestOptions>): Promise<T> {
    const response = await this.request(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    try {
      return JSON.parse(await bodyOf(response, url)) as T;
    } catch (error) {
      if (error instanceof SyntaxError) throw notTheApi(url, response.statusCode ?? 0);
      throw error;
    }
  }

  private async request(url: URL, options: Partial<RequestOptions>): Promise<IncomingMessage> {
    const headers = { ...this.headers, ...options.headers };
    const response = await send(url, { ...options, headers }).catch((error: unknown) => {
      throw unreachable(error, url);
    });
    const { statusCode: status = 0, headers: answered } = response;
    if (status >= 200 && status < 300) return response;
    const answer = { url, status, location: answered.location, text: await bodyOf(response, url) };
    throw refusalOf(answer, this.token.from);
  }

  private urlOf(path: string, query: Query = {}): URL {
    const url = new URL(this.base);
    url.pathname += path;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined)
        url.searchParams.set(name, Array.isArray(value) ? value.join() : String(value));
    }
    return url;
  }
}

async function bodyOf(response: IncomingMessage, url: URL): Promise<string> {
  return text(response).catch((error: unknown) => {
    throw unreachable(error, url);
  });
}

/** Who did it, for the audit log: the user of this machine. */
function requestedBy(): string {
  let name = '';
  try {
    name = userInfo().username;
  } catch {
    // A container's user need not have a name.
  }
  return `cli:${name.replace(/[^\x21-\x7e]/g, '?')}`.slice(0, NAME_LIMIT);
}
