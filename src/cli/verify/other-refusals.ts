import { createSecretKey } from 'node:crypto';

import { sameSecret } from '../../webhook/signature.js';
import type { Finding } from './finding.js';
import { valuesOf, type CapturedRequest } from './raw-http.js';

/** What else than its signature the service would refuse a captured request for. */
export function otherRefusals(request: CapturedRequest, apiKey: string | undefined): Finding[] {
  const found: Finding[] = [];
  if (request.method !== undefined && request.method !== 'POST') {
    found.push({
      code: 'method',
      what: `The method is ${request.method}, and the webhook takes POST alone (405).`,
    });
  }
  if (request.headers === undefined) return found;
  const [type = ''] = valuesOf(request, 'content-type');
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    found.push({
      code: 'content-type',
      what: `Content-Type is ${type === '' ? 'missing' : `"${type}"`}, and not application/json (415).`,
    });
  }
  const [encoding = 'identity'] = valuesOf(request, 'content-encoding');
  if (encoding.toLowerCase() !== 'identity') {
    found.push({
      code: 'content-encoding',
      what: `Content-Encoding is "${encoding}", which is refused (415).`,
    });
  }
  if (
    apiKey !== undefined &&
    !sameSecret(createSecretKey(apiKey, 'utf8'), valuesOf(request, 'x-api-key')[0])
  ) {
    found.push({
      code: 'api-key',
      what: 'x-api-key is missing or is not WEBHOOK_API_KEY (401).',
      todo: 'Have the vendor send it, or unset WEBHOOK_API_KEY.',
    });
  }
  return found;
}
