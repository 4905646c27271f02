import { generateKeySync } from 'node:crypto';

import { InvalidArgumentError, Option, type Command } from 'commander';

import { DEFAULT_CHANNEL } from '../../config/app-config.js';
import { INTERACTION_SUBTYPES, MEDIA_TYPES } from '../../events/interaction-event.js';
import { readEnvironment } from '../environment.js';
import { EXIT, UsageError } from '../failure.js';
import { fileBody, pairBodies, sampleBody, startedBody, type BodySource } from '../send/bodies.js';
import { runSend } from '../send/run.js';
import { findSecret, type Secret } from '../send/secret.js';
import { Sender } from '../send/sender.js';
import { findTarget, parseUrl } from '../send/target.js';

const DEFAULT_URL = 'http://127.0.0.1:3000/nexus/v3/some/interactions/webhook/path';
/** Options that only generated bodies have a use for. */
const GENERATED = ['mediaType', 'subtype'];
const MOST_ROUNDS = 10_000_000;
const MOST_CONNECTIONS = 1_000;
const LONGEST_TIMEOUT_S = 3_600;

/** The options of `send`, read. */
interface SendOptions {
  readonly url?: URL;
  readonly channel: string;
  readonly sample?: true;
  readonly file?: string;
  readonly pair?: true;
  readonly mediaType: string;
  readonly subtype: string;
  readonly secretFile?: string;
  readonly secret?: string;
  readonly apiKey?: string;
  readonly traceId?: string;
  readonly wrongSignature?: true;
  readonly count: number;
  readonly concurrency: number;
  readonly timeout: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npm run send                                            one new interaction, to the service on this machine
  npm run send -- --pair --media-type email               an interaction that starts and finishes
  npm run send -- --sample                                the sample of the vendor's page, as it stands there
  npm run send -- --file body.json                        a file, byte for byte; "-" reads the standard input
  npm run send -- --channel emea-chat --secret-file key   another channel, with its secret
  npm run send -- --url https://host/nexus/v3/some/interactions/webhook/path
  npm run send -- --wrong-signature                       what a sender without the secret gets: 401
  npm run send -- --count 10000 --concurrency 50          many, with a summary
  npm run -s send -- --json                               for a program to read

The secret is taken from the first of: --secret-file, --secret, the environment variable WEBHOOK_SECRET
(WEBHOOK_SECRET_<CHANNEL> for a named channel; *_FILE names a file), .env, the data folder (DATA_DIR).

Exit codes: 0 every answer was 200; 1 one was not, or there was none; 2 the command was not understood.`;

/** Adds `send`: signs events as the vendor does, and sends them. */
export function addSendCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('send')
    .description(
      'Sign an event and send it to the webhook. Without options: one new interaction that STARTED.',
    )
    .optionsGroup('What to send:')
    .addOption(
      new Option('--sample', "the sample of the vendor's page").conflicts(['file', 'pair', ...GENERATED]),
    )
    .addOption(
      new Option('--file <path>', 'the bytes of a file, unchanged; "-" is stdin').conflicts([
        'pair',
        ...GENERATED,
      ]),
    )
    .option('--pair', 'a new interaction that STARTED, then its FINISHED')
    .option(
      '--media-type <type>',
      `${MEDIA_TYPES.join(', ')}, or any other to see it refused`,
      MEDIA_TYPES[0],
    )
    .option('--subtype <subtype>', INTERACTION_SUBTYPES.join(', '), INTERACTION_SUBTYPES[0])
    .optionsGroup('Where to:')
    .option(
      '--url <url>',
      `the webhook (default: ${DEFAULT_URL}, or as HOST, PORT, BASE_PATH and WEBHOOK_PATH say)`,
      url,
    )
    .option('--channel <name>', 'a named channel, appended to the path', DEFAULT_CHANNEL)
    .optionsGroup('Who sends:')
    .option('--secret-file <path>', 'file with the secret of the channel')
    .option('--secret <value>', 'the secret itself; other users of the machine can see it')
    .option('--api-key <key>', 'value of x-api-key (default: WEBHOOK_API_KEY)')
    .option('--trace-id <id>', 'value of X-B3-TraceId')
    .option('--wrong-signature', 'sign with a secret that nobody knows')
    .optionsGroup('How many, and what to print:')
    .option('--count <n>', 'how many times', integer(MOST_ROUNDS), 1)
    .option('--concurrency <n>', 'how many at once', integer(MOST_CONNECTIONS), 10)
    .option('--timeout <seconds>', 'how long to wait for an answer', integer(LONGEST_TIMEOUT_S), 10)
    .option('--json', 'print JSON, one document a line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SendOptions) => setExitCode(await send(options)));
}

async function send(options: SendOptions): Promise<number> {
  const environment = readEnvironment();
  const target = findTarget(options, environment.merged);
  const secret = options.wrongSignature ? unknownSecret() : findSecret(options, options.channel, environment);
  const sender = new Sender({
    target,
    key: secret.key,
    traceId: options.traceId,
    timeoutMs: options.timeout * 1000,
    connections: options.concurrency,
  });
  const { count, concurrency, json = false } = options;
  const bodies = options.pair ? 2 : 1;
  const tally = await runSend({ sender, source: await sourceOf(options), bodies, count, concurrency, json });
  if (tally.of(401) > 0 && !options.wrongSignature && !json) {
    console.error(
      `The service does not know this secret (it came from ${secret.from}), the channel or the API key.`,
    );
  }
  return tally.allStored ? EXIT.ok : EXIT.failed;
}

function sourceOf(options: SendOptions): BodySource | Promise<BodySource> {
  if (options.file !== undefined) return fileBody(options.file);
  if (options.sample) return sampleBody();
  return options.pair ? pairBodies(options) : startedBody(options);
}

function unknownSecret(): Secret {
  return { key: generateKeySync('hmac', { length: 256 }), from: '--wrong-signature' };
}

function url(text: string): URL {
  try {
    return parseUrl(text);
  } catch (error) {
    throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
  }
}

function integer(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    }
    return value;
  };
}
