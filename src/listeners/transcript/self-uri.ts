import { PermanentError } from '../../events/delivery.js';
import type { TranscriptConfig } from '../../config/listener-config.js';

/** What the vendor's page writes for the base URL. */
const PLACEHOLDER = /^NexusURL\//i;

/**
 * The URL that a `selfUri` means: relative ones are resolved below the base URL.
 *
 * Whoever can make the vendor send an event chooses its `selfUri`, so what it leads to is checked here, and
 * the address of its host again when it is connected to (`guarded-agent.ts`).
 *
 * @throws PermanentError for what is not on an allowed host, not HTTPS where the base URL is, or no URL.
 */
export function resolveSelfUri(selfUri: string, { baseUrl, allowedHosts }: TranscriptConfig): URL {
  const url = URL.parse(selfUri.replace(PLACEHOLDER, ''), baseUrl);
  if (url === null) throw new PermanentError('selfUri is no URL.');
  return checkUrl(url, allowedHosts, new URL(baseUrl).protocol);
}

/**
 * The URL that a redirect leads to.
 *
 * @throws PermanentError when that is another host, or plain HTTP after HTTPS.
 */
export function resolveRedirect(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url === null) throw new PermanentError('The redirect leads to no URL.');
  return checkUrl(url, new Set([from.host]), from.protocol);
}

function checkUrl(url: URL, allowedHosts: ReadonlySet<string>, leastProtocol: string): URL {
  if (url.protocol !== 'https:' && url.protocol !== leastProtocol) {
    throw new PermanentError(`${url.protocol} is refused; ${leastProtocol} is expected.`);
  }
  if (!allowedHosts.has(url.host)) throw new PermanentError(`The host ${url.host} is not allowed.`);
  if (url.username !== '' || url.password !== '') {
    throw new PermanentError('A URL with credentials is refused.');
  }
  return url;
}
