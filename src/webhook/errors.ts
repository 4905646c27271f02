import type { RefusalReason } from '../observability/refusal-reason.js';
import { REFUSALS } from '../http/answers.js';

/** Codes of the failures that the webhook answers; `exception.filter.ts` gives each its status. */
export type WebhookErrorCode = 'UNAUTHORIZED' | 'INVALID_PAYLOAD' | 'UNSUPPORTED_MEDIA_TYPE';

/** A request that cannot be accepted. The message is sent to the caller: no secret, no part of the body. */
export abstract class WebhookError extends Error {
  abstract readonly code: WebhookErrorCode;
  /** For operators alone: the caller is not told more than the message. */
  abstract readonly reason: RefusalReason;
  /** One sentence for each fault. */
  readonly errors: readonly string[] | undefined = undefined;
}

/** The signature, the channel or the API key is wrong; deliberately not said which. */
export class UnauthorizedError extends WebhookError {
  override readonly name = 'UnauthorizedError';
  readonly code = 'UNAUTHORIZED';
  constructor(readonly reason: 'signature' | 'unknown_channel' | 'api_key') {
    super(REFUSALS.unauthorized.message);
  }
}

/** The body is authentic but no valid payload. It is in quarantine when this is thrown. */
export class InvalidPayloadError extends WebhookError {
  override readonly name = 'InvalidPayloadError';
  readonly code = 'INVALID_PAYLOAD';
  readonly reason = 'invalid_payload';
  constructor(override readonly errors: readonly string[]) {
    super('The payload is not valid. It is kept in quarantine.');
  }
}

/** The body has no content type, so no parser took it. */
export class UnsupportedMediaTypeError extends WebhookError {
  override readonly name = 'UnsupportedMediaTypeError';
  readonly code = 'UNSUPPORTED_MEDIA_TYPE';
  readonly reason = 'media_type';
  constructor() {
    super(REFUSALS.unsupportedMediaType.message);
  }
}
