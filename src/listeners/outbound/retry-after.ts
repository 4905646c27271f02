/**
 * The seconds that a `Retry-After` header asks for: a number of seconds, or a date.
 *
 * @returns `undefined` for none, or one that is neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * @example
 * retryAfterSeconds('120', Date.now()); // 120
 */
export function retryAfterSeconds(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  // Date.parse alone takes "1.5" and "-1" for years.
  if (!/^[A-Z][a-z]+, ?/.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}
