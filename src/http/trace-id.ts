/** Characters of an odd trace id that are kept. */
const LIMIT = 64;

/**
 * The value of `X-B3-TraceId`, fit to be logged and stored: printable ASCII, at most 64 characters.
 * What it looks like makes no difference: no value is a reason to reject, and none is made into another id.
 *
 * @see contract.md, "What we settle", 10; https://github.com/openzipkin/b3-propagation#traceid-1
 */
export function traceIdOf(header: unknown): string | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  return header.replace(/[^\x21-\x7e]/g, '?').slice(0, LIMIT);
}
