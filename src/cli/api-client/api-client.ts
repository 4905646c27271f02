import { userInfo } from 'node:os';

import { refusalOf, unreachable } from './refusal.js';
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

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

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
  async get<T>(path: string, query: Query = {}): Promise<T> {
    const response = await this.request(this.urlOf(path, query), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return (await response.json()) as T;
  }

  /** @throws CommandFailure unless the answer is a success. */
  async post<T>(path: string, body: object = {}): Promise<T> {
    const response = await this.request(this.urlOf(path), {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return (await response.json()) as T;
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
  open(path: string, { query = {}, headers = {}, signal }: OpenOptions = {}): Promise<Response> {
    return this.request(this.urlOf(path, query), { headers, ...(signal === undefined ? {} : { signal }) });
  }

  private async request(url: URL, init: Init): Promise<Response> {
    const headers = { ...this.headers, ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' }).catch((error: unknown) => {
      // Whoever aborted it knows why.
      if (error instanceof Error && error.name === 'AbortError') throw error;
      throw unreachable(error, url);
    });
    if (!response.ok) throw await refusalOf(response, this.token.from);
    return response;
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
