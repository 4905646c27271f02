import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { Option, type Command } from 'commander';

import { AppConfig, DEFAULT_CHANNEL, type Environment } from '../../config/app-config.js';
import { readEnvironment } from '../environment.js';
import { EXIT, UsageError } from '../failure.js';
import { diagnose } from '../verify/diagnose.js';
import { knownSecrets } from '../verify/known-secrets.js';
import { otherRefusals } from '../verify/other-refusals.js';
import { parseHeaders, parseRawHttp, valuesOf, type CapturedRequest } from '../verify/raw-http.js';
import { printVerdict, verdictOf } from '../verify/report.js';

interface VerifyOptions {
  readonly body?: string;
  readonly headers?: string;
  readonly signature?: string;
  readonly channel?: string;
  readonly secretFile?: string;
  readonly secret?: string;
  readonly json?: true;
}

/** What of the configuration says where the webhook is, and what else than a signature it asks for. */
const VARIABLES_USED = ['BASE_PATH', 'WEBHOOK_PATH', 'WEBHOOK_API_KEY', 'WEBHOOK_API_KEY_FILE'];

const EXAMPLES = `
Examples:
  interactions-webhook verify captured.http                            a request as it came over the wire
  interactions-webhook verify - < captured.http
  interactions-webhook verify --body body.json --signature sha1=c8c1…  body and signature alone
  interactions-webhook verify --body body.json --headers headers.txt   headers one a line, or a JSON object
  interactions-webhook verify captured.http --channel emea-chat --secret-file key

It tries what commonly goes wrong, and says which of it makes the digest that was sent: JSON that was parsed and
written again, line ends, a byte order mark, another channel's secret, white space in the secret, another
algorithm, base64, something cut off.

The secrets are those of --secret-file or --secret, and of the service's own configuration: the environment,
.env, the data folder. None is ever printed.

Exit codes: 0 the service would take the request; 1 it would not; 2 the command was not understood.`;

/** Adds `verify`: whether a captured request's signature is right, and if not, why. */
export function addVerifyCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('verify')
    .description("Check a captured request's signature, and say why it is wrong.")
    .argument('[file]', 'with the whole request, headers and body; "-" is stdin')
    .optionsGroup('What was captured, where it is not a whole request:')
    .option('--body <path>', 'file with the bytes of the body; "-" is stdin')
    .addOption(
      new Option('--headers <path>', 'file with its headers, one a line or a JSON object').conflicts(
        'signature',
      ),
    )
    .option('--signature <value>', 'the value of its X-Hub-Signature')
    .optionsGroup('What it is checked with:')
    .option('--channel <name>', 'whose secret signs (default: the one of the request line, else "default")')
    .option('--secret-file <path>', 'file with the secret of the channel')
    .option('--secret <value>', 'the secret itself; other users of the machine can see it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string | undefined, options: VerifyOptions) =>
      setExitCode(await verify(path, options)),
    );
}

async function verify(path: string | undefined, options: VerifyOptions): Promise<number> {
  const environment = readEnvironment();
  const request = await readRequest(path, options);
  const { apiKey, webhookPath } = webhookOf(environment.merged);
  const channel = options.channel ?? channelOf(request.target, webhookPath);
  const [length] = valuesOf(request, 'content-length');
  const diagnosis = diagnose({
    signatures: valuesOf(request, 'x-hub-signature'),
    body: request.body,
    contentLength: length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined,
    channel,
    secrets: knownSecrets(options, channel, environment),
  });
  const refusals = otherRefusals(request, apiKey?.export().toString());
  // With the signature alone nothing is known of the other headers.
  const verdict = verdictOf(
    diagnosis,
    channel,
    options.signature === undefined ? refusals : [],
    request.body.length,
  );
  printVerdict(verdict, options.json ?? false);
  return verdict.accepted ? EXIT.ok : EXIT.failed;
}

async function readRequest(path: string | undefined, options: VerifyOptions): Promise<CapturedRequest> {
  const { body, headers, signature } = options;
  if (path !== undefined) {
    if (body ?? headers ?? signature) {
      throw new UsageError(
        'A whole request has its own headers and body: leave out --body, --headers and --signature.',
      );
    }
    return parseRawHttp(await read(path), path);
  }
  if (body === undefined) throw new UsageError('Nothing to verify: name a file with the request, or --body.');
  if (headers !== undefined) {
    return { headers: parseHeaders((await read(headers)).toString(), headers) ?? [], body: await read(body) };
  }
  if (signature === undefined) throw new UsageError('--body needs --signature or --headers.');
  return { headers: [['x-hub-signature', signature]], body: await read(body) };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await (path === '-' ? buffer(process.stdin) : readFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be read (${code ?? message}).`);
  }
}

function webhookOf(env: Environment): AppConfig {
  const used = Object.fromEntries(VARIABLES_USED.map((name) => [name, env[name]]));
  // A process without the role `receive` needs no secret, which is looked for elsewhere.
  return AppConfig.load({ ...used, ROLES: 'deliver' });
}

/** The channel that the path of a request names. */
function channelOf(target: string | undefined, webhookPath: string): string {
  const path = URL.parse(target ?? '', 'http://host')?.pathname ?? '';
  const channel = path.startsWith(`${webhookPath}/`) ? path.slice(webhookPath.length + 1) : '';
  return channel === '' ? DEFAULT_CHANNEL : channel;
}
