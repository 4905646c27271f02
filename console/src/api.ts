import type { Page } from './types.js';

const BASE = '/api/v1';

export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** An answer that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    message: string,
    readonly errors: readonly string[] = [],
    readonly retryAfter: string | null = null,
  ) {
    super(message);
  }
}

/** Called when the service no longer knows who asks. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/** The path of the API with what is defined and not empty of a query. */
export function pathOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === '' ? `${BASE}${path}` : `${BASE}${path}?${search}`;
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  // Not a header that another site could send: it is what protects the session's cookie.
  if (method !== 'GET') headers['x-requested-by'] = 'console';
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The service does not answer. Check that it runs, and your connection to it.');
  }
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  if (response.status === 401 && path !== `${BASE}/session`) onSignedOut();
  throw errorOf(response, text);
}

function errorOf(response: Response, text: string): ApiError {
  const retryAfter = response.headers.get('retry-after');
  try {
    const { status, errors } = JSON.parse(text) as { status: { message: string }; errors?: string[] };
    return new ApiError(response.status, status.message, errors, retryAfter);
  } catch {
    // A proxy in between answers in a language of its own.
    return new ApiError(response.status, `The answer was ${response.status} ${response.statusText}.`);
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', pathOf(path, query), undefined, signal);

export const getPage = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<Page<T>> =>
  get(path, query, signal);

export const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  request<T>('POST', pathOf(path), body);

export const del = (path: string): Promise<void> => request('DELETE', pathOf(path));
