import type { Answer, TestService } from './service.js';

/** The tokens of a service with operators. */
export const TOKENS = {
  OPERATOR_TOKEN: 'token-of-the-operator-of-tests',
  VIEWER_TOKEN: 'token-of-the-viewer-of-tests',
} as const;

/** Who sends a request, and what else it carries. */
export interface ApiRequest {
  /** Sent as a bearer token, unless it is `undefined`. */
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Sends a request to the operators' API: as the operator, and as one that may write, unless told otherwise. */
export function api(
  service: TestService,
  method: string,
  path: string,
  request: ApiRequest = {},
): Promise<Answer> {
  const { body, headers } = request;
  const token = 'token' in request ? request.token : TOKENS.OPERATOR_TOKEN;
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return service.send(method, `/api/v1${path}`, bytes, {
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    'x-requested-by': 'tests',
    ...(bytes && { 'content-type': 'application/json' }),
    ...headers,
  });
}
