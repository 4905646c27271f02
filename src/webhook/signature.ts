import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

const HEADER = /^sha1=([0-9a-f]{40})$/i;

/**
 * Checks `X-Hub-Signature` against the received bytes: `sha1=` and the HMAC-SHA1 of the body, in hex. The
 * prefix and the digits are compared without regard to case, the digests in constant time.
 *
 * @param keys the secrets that are valid for the channel.
 * @returns the position of the secret that matched, or -1.
 * @see contract.md, "What we settle", 3; https://www.rfc-editor.org/rfc/rfc2104
 * @example
 * matchSignature([createSecretKey('key', 'utf8')], 'sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9',
 *   Buffer.from('The quick brown fox jumps over the lazy dog')); // 0
 */
export function matchSignature(keys: readonly KeyObject[], header: unknown, body: Uint8Array): number {
  const hex = typeof header === 'string' ? HEADER.exec(header)?.[1] : undefined;
  if (hex === undefined) return -1;
  const received = Buffer.from(hex, 'hex');
  let matched = -1;
  // No early end: how long it takes must not tell which secret matched.
  for (let i = keys.length - 1; i >= 0; i--) {
    if (timingSafeEqual(received, hmacSha1(keys[i] as KeyObject, body))) matched = i;
  }
  return matched;
}

/**
 * The value of `X-Hub-Signature` for a body.
 *
 * @example
 * sign(createSecretKey('key', 'utf8'), Buffer.from('{}')); // 'sha1=…'
 */
export function sign(key: KeyObject, body: Uint8Array): string {
  return `sha1=${hmacSha1(key, body).toString('hex')}`;
}

/** Whether a candidate is the secret, in a time that does not tell how much of it is right. */
export function sameSecret(key: KeyObject, candidate: unknown): boolean {
  if (typeof candidate !== 'string') return false;
  // Both sides hashed to one length: timingSafeEqual needs that, and a length would leak otherwise.
  return timingSafeEqual(hmacSha1(key, key.export()), hmacSha1(key, Buffer.from(candidate)));
}

function hmacSha1(key: KeyObject, bytes: Uint8Array): Buffer {
  return createHmac('sha1', key).update(bytes).digest();
}
