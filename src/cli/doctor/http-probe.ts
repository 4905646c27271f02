import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';

const TIMEOUT_MS = 10_000;
/** Of an answer's body, that much is looked at. */
const BODY_LIMIT = 64 * 1024;

/** What a probe was answered. */
export interface Probed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly ms: number;
  /** When the certificate of the server expires; `undefined` without TLS. */
  readonly certificateEnds: Date | undefined;
}

/** Sends one request on a connection of its own, and follows no redirect. */
export function probe(
  url: URL,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Probed> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, agent: false }, (response) => {
      const certificate = (response.socket as Partial<TLSSocket>).getPeerCertificate?.();
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < BODY_LIMIT) text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(deadline);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          ms: Math.round(performance.now() - started),
          certificateEnds: certificate === undefined ? undefined : new Date(certificate.valid_to),
        });
      });
    });
    const deadline = setTimeout(() => {
      sent.destroy(
        Object.assign(new Error(`no answer within ${TIMEOUT_MS / 1000} s`), { code: 'ETIMEDOUT' }),
      );
    }, TIMEOUT_MS);
    sent.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    sent.end(body);
  });
}
