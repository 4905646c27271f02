import type { Finding } from './finding.js';
import { JSON_STYLES } from './json-styles.js';

/** Bytes that may have been signed instead of those that were captured, and what that would mean. */
export interface BodyVariant {
  readonly bytes: Buffer;
  /** Absent: the captured bytes themselves. */
  readonly finding?: Finding;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const NEWLINE =
  'Pass the bytes on as they came. A capture by hand is often to blame: an editor or "echo" adds one.';
const REWRITTEN =
  'Something between the vendor and here parsed the body and wrote it again (a proxy, a gateway, a logging step, a body parser). Pass on the bytes as they came.';

/**
 * The captured bytes, and what they may have been when they were signed; the simplest explanation first.
 *
 * @param contentLength of the request's header, where there is one.
 */
export function* bodyVariants(body: Buffer, contentLength?: number): Generator<BodyVariant> {
  const seen = new Set<string>();
  for (const variant of candidates(body, contentLength)) {
    const key = variant.bytes.toString('latin1');
    if (seen.has(key)) continue;
    seen.add(key);
    yield variant;
  }
}

function* candidates(body: Buffer, contentLength: number | undefined): Generator<BodyVariant> {
  yield { bytes: body };
  if (contentLength !== undefined && contentLength < body.length) {
    yield {
      bytes: body.subarray(0, contentLength),
      finding: {
        code: 'body-too-long',
        what: `Only the first ${contentLength} bytes of the body were signed, as Content-Length says; ${body.length - contentLength} more follow.`,
        todo: 'Find what appends to the body; an editor that saved the capture is often to blame.',
      },
    };
  }
  yield* lineEnds(body);
  yield* marks(body);
  yield* rewritten(body);
  yield* wrapped(body);
  yield {
    bytes: Buffer.alloc(0),
    finding: {
      code: 'body-empty-signed',
      what: 'The signature is that of an empty body.',
      todo: 'The signer had no body when it signed: look at the order in which it reads and signs.',
    },
  };
}

function* lineEnds(body: Buffer): Generator<BodyVariant> {
  const text = body.toString('latin1');
  const of = (changed: string, code: string, what: string, todo = NEWLINE): BodyVariant => ({
    bytes: Buffer.from(changed, 'latin1'),
    finding: { code, what, todo },
  });
  const added = 'trailing-newline-added';
  if (text.endsWith('\r\n'))
    yield of(text.slice(0, -2), added, 'The body has a CRLF at its end that was not signed.');
  if (text.endsWith('\n'))
    yield of(text.slice(0, -1), added, 'The body has a newline at its end that was not signed.');
  yield of(
    text.trimEnd(),
    'trailing-space-added',
    'The body has white space at its end that was not signed.',
  );
  const removed = 'trailing-newline-removed';
  yield of(`${text}\n`, removed, 'The body that was signed had a newline at its end, which is missing.');
  yield of(`${text}\r\n`, removed, 'The body that was signed had a CRLF at its end, which is missing.');
  const lf = text.replaceAll('\r\n', '\n');
  const todo =
    'Something changes line ends (a text mode transfer, Git, an editor). Pass the bytes on as they came.';
  yield of(lf, 'line-ends', 'The line ends were LF when it was signed, and are CRLF now.', todo);
  const crlf = lf.replaceAll('\n', '\r\n');
  yield of(crlf, 'line-ends', 'The line ends were CRLF when it was signed, and are LF now.', todo);
  yield of(
    lf.trimEnd(),
    'line-ends',
    'The line ends, and the one at the end, were added after it was signed.',
    todo,
  );
  yield of(`${crlf.trimEnd()}\r\n`, 'line-ends', 'The body ended with a CRLF when it was signed.', todo);
}

function* marks(body: Buffer): Generator<BodyVariant> {
  const todo = 'Something reads the body as text and writes it again. Pass the bytes on as they came.';
  if (body.subarray(0, BOM.length).equals(BOM)) {
    const what = 'The body begins with a byte order mark (BOM) that was not signed.';
    yield { bytes: body.subarray(BOM.length), finding: { code: 'bom-added', what, todo } };
  } else {
    const what = 'The body that was signed began with a byte order mark (BOM), which is missing.';
    yield { bytes: Buffer.concat([BOM, body]), finding: { code: 'bom-removed', what, todo } };
  }
  const charset = 'charset';
  yield {
    bytes: Buffer.from(body.toString('utf8'), 'latin1'),
    finding: {
      code: charset,
      what: 'The body was in Latin-1 when it was signed, and is in UTF-8 now.',
      todo,
    },
  };
  yield {
    bytes: Buffer.from(body.toString('latin1'), 'utf8'),
    finding: { code: charset, what: 'The body was UTF-8 taken for Latin-1 when it was signed.', todo },
  };
}

function* rewritten(body: Buffer): Generator<BodyVariant> {
  const value = parseJson(body.toString('utf8').replace(/^\ufeff/, ''));
  if (value === undefined) return;
  for (const { name, write } of JSON_STYLES) {
    yield {
      bytes: Buffer.from(write(value)),
      finding: {
        code: 'json-rewritten',
        what: `The signature is that of the same JSON, written differently: ${name}.`,
        todo: REWRITTEN,
      },
    };
  }
}

function* wrapped(body: Buffer): Generator<BodyVariant> {
  const text = body.toString('utf8').trim();
  const inner = parseJson(text);
  if (typeof inner === 'string') {
    yield {
      bytes: Buffer.from(inner),
      finding: {
        code: 'body-quoted',
        what: 'The body that was signed is now a JSON string.',
        todo: REWRITTEN,
      },
    };
  }
  if (/^[A-Za-z0-9+/\s]+={0,2}$/.test(text)) {
    yield {
      bytes: Buffer.from(text, 'base64'),
      finding: {
        code: 'body-base64',
        what: 'The body that was signed is now in base64.',
        todo: 'A gateway encodes it (some do for functions): have it pass the bytes, or decode them before.',
      },
    };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
