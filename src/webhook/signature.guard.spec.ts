import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';

import { AppConfig } from '../config/app-config.js';
import { UnauthorizedError } from './errors.js';
import { SignatureGuard } from './signature.guard.js';

const guard = new SignatureGuard(AppConfig.load({ WEBHOOK_SECRET_KNOWN: 'a-secret-of-tests' }));
/** Large enough that an HMAC takes far longer than all else that the guard does. */
const body = Buffer.alloc(16 * 1_024 * 1_024);

/** Milliseconds until a request with a wrong signature is refused. */
function refusedAfter(channel: string): number {
  const headers = { 'x-hub-signature': `sha1=${'0'.repeat(40)}` };
  const context = new ExecutionContextHost([{ headers, params: { channel }, body }]);
  const start = performance.now();
  expect(() => guard.canActivate(context)).toThrow(UnauthorizedError);
  return performance.now() - start;
}

describe('a refusal for a wrong signature', () => {
  it('takes as long for a channel that does not exist as for one that does', () => {
    const fastest = (channel: string): number =>
      Math.min(...Array.from({ length: 5 }, () => refusedAfter(channel)));
    expect(fastest('unknown')).toBeGreaterThan(fastest('known') / 2);
  });
});
