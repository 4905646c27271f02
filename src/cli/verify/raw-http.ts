import { UsageError } from '../failure.js';

/** A request as it was captured, as far as it is known. */
export interface CapturedRequest {
  readonly method?: string;
  /** As the request line has it. */
  readonly target?: string;
  /** Names in lower case, in the order of the request; absent where no headers were captured. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

const REQUEST_LINE = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*(.*?)[ \t]*$/;

/**
 * Reads a request as it goes over the wire: request line (it may be missing), headers, an empty line, body.
 * Line ends of the head may be CRLF or LF; the body is taken byte for byte, put together where it is chunked.
 *
 * @throws UsageError that says which line is no header.
 */
export function parseRawHttp(bytes: Buffer, name: string): CapturedRequest {
  const { head, body } = split(bytes, name);
  const lines = head.split(/\r?\n/);
  const [first = ''] = lines;
  if (first.startsWith('HTTP/'))
    throw new UsageError(`${name} is an answer, not a request: it begins with HTTP/.`);
  const [, method, target] = REQUEST_LINE.exec(first) ?? [];
  const headers = parseHeaderLines(method === undefined ? lines : lines.slice(1), name);
  const chunked = headers.some(([key, value]) => key === 'transfer-encoding' && /chunked/i.test(value));
  return {
    ...(method === undefined ? {} : { method }),
    ...(target === undefined ? {} : { target }),
    headers,
    body: chunked ? unchunk(body) : body,
  };
}

/**
 * Reads headers, one a line, or as a JSON object.
 *
 * @throws UsageError that says which line is no header.
 */
export function parseHeaders(text: string, name: string): CapturedRequest['headers'] {
  if (!text.trimStart().startsWith('{')) return parseHeaderLines(text.trimEnd().split(/\r?\n/), name);
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return entries.flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => [key.toLowerCase(), String(one)] as const),
    );
  } catch (error) {
    throw new UsageError(`${name} begins as JSON does, and is none (${(error as Error).message}).`);
  }
}

/** All values of a header; none where no headers were captured. */
export function valuesOf({ headers = [] }: CapturedRequest, name: string): string[] {
  return headers.filter(([key]) => key === name).map(([, value]) => value);
}

function split(bytes: Buffer, name: string): { head: string; body: Buffer } {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  const [end, length] = crlf !== -1 && (lf === -1 || crlf < lf) ? [crlf, 4] : [lf, 2];
  if (end === -1) {
    throw new UsageError(
      `${name} is no HTTP request: no empty line ends its headers. For a body alone use --body, with --signature or --headers.`,
    );
  }
  return { head: bytes.subarray(0, end).toString('latin1'), body: bytes.subarray(end + length) };
}

function parseHeaderLines(lines: readonly string[], name: string): (readonly [string, string])[] {
  return lines
    .map((line, i) => {
      // Pseudo-headers of HTTP/2, which tools write beside the others.
      if (line.startsWith(':') || line === '') return undefined;
      const [, key, value] = HEADER.exec(line) ?? [];
      if (key === undefined || value === undefined) {
        throw new UsageError(`${name}, line ${i + 1} of the headers is none: it has no "NAME: VALUE".`);
      }
      return [key.toLowerCase(), value] as const;
    })
    .filter((header) => header !== undefined);
}

/** A body without its chunks' sizes; as it is where it was captured without them. */
function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    const size = /^([0-9a-f]+)(?:;.*)?$/i.exec(
      body.subarray(at, end === -1 ? at : end).toString('latin1'),
    )?.[1];
    if (size === undefined) return body;
    const length = parseInt(size, 16);
    if (length === 0) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
