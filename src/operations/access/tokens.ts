import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';

import type { AccessRole } from '../../config/operations-config.js';

/** Tokens are compared by their HMAC under a key that nobody knows: the same length, and nothing to guess by. */
const key = randomBytes(32);
const digest = (bytes: Uint8Array): Buffer => createHmac('sha256', key).update(bytes).digest();

/** Whose token it is, in a time that tells neither how much of it is right nor whose it nearly is. */
export function roleOf(
  tokens: ReadonlyMap<AccessRole, KeyObject>,
  candidate: string,
): AccessRole | undefined {
  const given = digest(Buffer.from(candidate));
  let role: AccessRole | undefined;
  for (const [owner, token] of tokens) if (timingSafeEqual(digest(token.export()), given)) role = owner;
  return role;
}
