/** Why a request was not answered 200: the values of a label, so there are no others. */
export const REFUSAL_REASONS = [
  'address',
  'api_key',
  'body_too_large',
  'fault',
  'headers_too_large',
  'invalid_payload',
  'malformed',
  'media_type',
  'method',
  'not_found',
  'overload',
  'signature',
  'stopping',
  'store',
  'timeout',
  'unknown_channel',
] as const;

/** One of {@link REFUSAL_REASONS}. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
