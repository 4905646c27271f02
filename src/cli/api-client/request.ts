import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What is sent. */
export interface RequestOptions {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request, and resolves with the head of its answer; the body is read from it. No redirect is followed.
 * fetch() would refuse ports that a service can well have.
 */
export function send(
  url: URL,
  { method = 'GET', headers, body, signal }: RequestOptions,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...(signal && { signal }) }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
