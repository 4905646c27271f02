import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

import type { AccessRole } from '../../config/operations-config.js';

/** How long a session lasts. */
const SESSION_MS = 12 * 60 * 60 * 1_000;
const COOKIE = 'iw_session';
/** Role, end and signature, in whatever is beside it in a `Cookie` header. */
const VALUE = /(?:^|;)\s*iw_session=(operator|viewer)\.(\d{1,15})\.([A-Za-z0-9_-]{43})\s*(?=;|$)/;

/** Who a session was opened for, and until when. */
export interface Session {
  readonly role: AccessRole;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Sessions of browsers. Nothing of them is stored: the cookie says the role and the end, and is signed with a
 * key made from the token. So it is good for every replica, and for none any more once the token changes
 * (docs/decisions/0020).
 */
export class Sessions {
  constructor(private readonly tokens: ReadonlyMap<AccessRole, KeyObject>) {}

  /**
   * The `Set-Cookie` of a new session.
   *
   * @param secure whether the browser came by TLS. Over plain HTTP it would drop a cookie that is `Secure`.
   */
  open(role: AccessRole, now: number, secure: boolean): string {
    const expiresAt = now + SESSION_MS;
    const signature = this.sign(role, expiresAt)?.toString('base64url');
    return setCookie(`${role}.${expiresAt}.${signature}`, SESSION_MS / 1_000, secure);
  }

  /** The `Set-Cookie` that makes a browser forget its session. */
  close(secure: boolean): string {
    return setCookie('', 0, secure);
  }

  /** The session of a request by its `Cookie` header, unless there is none that is good. */
  find(header: string | undefined, now: number): Session | undefined {
    const [, role, expiry, signature] = VALUE.exec(header ?? '') ?? [];
    if (role === undefined || expiry === undefined || signature === undefined) return undefined;
    const session = { role: role as AccessRole, expiresAt: Number(expiry) };
    const expected = this.sign(session.role, session.expiresAt);
    if (expected === undefined || !timingSafeEqual(expected, Buffer.from(signature, 'base64url'))) {
      return undefined;
    }
    return session.expiresAt > now ? session : undefined;
  }

  private sign(role: AccessRole, expiresAt: number): Buffer | undefined {
    const token = this.tokens.get(role);
    if (token === undefined) return undefined;
    const key = createHmac('sha256', token).update('interactions-webhook session').digest();
    return createHmac('sha256', key).update(`${role}.${expiresAt}`).digest();
  }
}

function setCookie(value: string, seconds: number, secure: boolean): string {
  const attributes = `Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return `${COOKIE}=${value}; ${attributes}`;
}
