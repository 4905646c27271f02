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

/** What an answer that is no success means for whoever runs a command. */
export async function refusalOf(response: Response, tokenFrom: string): Promise<RefusedError> {
  const { status, headers, url } = response;
  const text = await response.text().catch(() => '');
  const body = parse(text);
  if (status >= 300 && status < 400) {
    const location = printable(headers.get('location') ?? 'somewhere else');
    return new RefusedError(
      status,
      `${url} is answered with a redirect to ${location}. Name the final address with --url.`,
    );
  }
  if (body === undefined) {
    return new RefusedError(
      status,
      `${url} is answered ${status}, but not by the operators' API. Check --url; a proxy may not let it through.`,
    );
  }
  const told = [body.status.message, ...(body.errors ?? []).filter((error) => error !== body.status.message)];
  const said = told.map(printable).join('\n  - ');
  return new RefusedError(
    status,
    status === 401 ? `${said} The token that was sent came from ${tokenFrom}.` : said,
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

/** fetch() wraps what happened; a name with several addresses wraps it once more. */
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
