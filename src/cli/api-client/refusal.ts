import { CommandFailure, EXIT } from '../failure.js';
import { printable } from '../terminal/printable.js';

/** The API's one model of errors. */
interface ErrorBody {
  readonly status: { readonly code: number; readonly message: string };
  readonly errors?: readonly string[];
}

/** An answer of the API that is no success. */
export class RefusedError extends CommandFailure {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message, exitCodeOf(status));
  }
}

/** An answer that is read to its end. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** What an answer that is no success means for whoever runs a command. */
export function refusalOf({ url, status, location, text }: Answer, tokenFrom: string): RefusedError {
  if (status >= 300 && status < 400) {
    const to = printable(location ?? 'somewhere else');
    return new RefusedError(
      status,
      `${url.href} is answered with a redirect to ${to}. Name the final address with --url.`,
    );
  }
  const body = parse(text);
  if (body === undefined) return notTheApi(url, status);
  const told = [body.status.message, ...(body.errors ?? []).filter((error) => error !== body.status.message)];
  const said = told.map(printable).join('\n  - ');
  return new RefusedError(
    status,
    status === 401 ? `${said} The token that was sent came from ${tokenFrom}.` : said,
  );
}

/** Something else answers. */
export function notTheApi(url: URL, status: number): RefusedError {
  return new RefusedError(
    status,
    `${url.href} is answered ${status}, but not by the operators' API. Check --url; a proxy may not let it through.`,
  );
}

function exitCodeOf(status: number): number {
  if (status === 400) return EXIT.usage;
  if (status === 401 || status === 403 || status === 429) return EXIT.notAllowed;
  return status === 503 || status === 502 || status === 504 || status < 400 ? EXIT.unavailable : EXIT.failed;
}

function parse(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return typeof body?.status?.message === 'string' ? (body as ErrorBody) : undefined;
  } catch {
    return undefined;
  }
}

/** What a request that got no answer means. */
export function unreachable(error: unknown, { origin }: URL): CommandFailure {
  const { code, message } = causeOf(error);
  const told =
    code === 'ECONNREFUSED'
      ? `Nothing listens at ${origin}. Start the service with "npm start", or name another address with --url.`
      : `${origin} did not answer: ${printable(message)}${code === undefined ? '' : ` (${code})`}. Check --url.`;
  return new CommandFailure(told, EXIT.unavailable);
}

/** A name with several addresses wraps what happened, and so does a signal that aborts. */
function causeOf(error: unknown): { code: string | undefined; message: string } {
  let cause = error as NodeJS.ErrnoException & { cause?: unknown; errors?: readonly unknown[] };
  for (;;) {
    const inner = cause.cause ?? cause.errors?.[0];
    if (!(inner instanceof Error)) break;
    cause = inner;
  }
  if (cause.name === 'TimeoutError') return { code: undefined, message: 'it took too long' };
  return { code: cause.code, message: cause.message || 'the connection failed' };
}
