import { generateKeySync, randomInt } from 'node:crypto';

import { Option, type Command } from 'commander';

import { DEFAULT_CHANNEL } from '../../config/app-config.js';
import { connect, TOKEN_HELP, url } from '../api-client/connect.js';
import { list } from '../api-client/filter.js';
import { readEnvironment, type CliEnvironment } from '../environment.js';
import { EXIT, UsageError } from '../failure.js';
import { findSecret } from '../send/secret.js';
import { Sender } from '../send/sender.js';
import { findTarget } from '../send/target.js';
import { between, percent, timeOfDay, timeSpan, wholeBetween } from '../simulate/parse.js';
import { describeResult, isAsExpected } from '../simulate/report.js';
import { simulate, type ChannelSenders } from '../simulate/run.js';

const DEFAULT_DURATION = '1h';

/** The options of `simulate`, read. */
interface SimulateOptions {
  readonly rate: number;
  readonly at: number;
  readonly duration?: number;
  readonly count?: number;
  readonly speed: number;
  readonly seed?: number;
  readonly bursts: number;
  readonly batches: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly wrongSignatures: number;
  readonly timeout: number;
  readonly attempts: number;
  readonly retryAfter: number;
  readonly connections: number;
  readonly url?: URL;
  readonly channels: [string, ...string[]];
  readonly secretFile?: string;
  readonly secret?: string;
  readonly apiKey?: string;
  readonly check?: true;
  readonly api?: URL;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx interactions-webhook simulate                                  an hour of a contact centre, in a minute
  npx interactions-webhook simulate --check                          and see that all of it is stored
  npx interactions-webhook simulate --duration 1d --at 00:00 --speed 600       a day with its peaks
  npx interactions-webhook simulate --count 1000 --speed 100000      as fast as the service takes it
  npx interactions-webhook simulate --channels default,emea-chat --rate 2
  npx interactions-webhook simulate --duplicates 20% --reordered 20% --wrong-signatures 20% --check
  npx interactions-webhook simulate --seed 7 --json                  the same traffic every time

Times are those of the simulated clock, except for redelivery. The same seed and options send the same events in
the same order. Ctrl-C ends it early. --check takes every other new event for unexpected, so nobody else should
send meanwhile.

The secret of each channel is the one that "send" would take. Several have theirs in WEBHOOK_SECRET and
WEBHOOK_SECRET_<CHANNEL>, in the environment or .env.${TOKEN_HELP}

Exit codes: 0 all was acknowledged, and --check found nothing; 1 something was not, a wrong signature was
accepted, --check found something, or Ctrl-C came before the end; 2 the command was not understood; 69 nothing
listens; 77 the token for --check is missing or wrong.`;

/** Adds `simulate`: a vendor that behaves as the real one, with all that goes wrong. */
export function addSimulateCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('simulate')
    .description(
      'Behave as the vendor does: interactions that start and finish, redelivery, and all that goes wrong.',
    );
  const add = (flags: string, text: string, parse: (text: string) => unknown, preset?: string): unknown =>
    command.addOption(
      new Option(flags, text)
        .argParser(parse)
        .default(preset === undefined ? undefined : parse(preset), preset),
    );

  command.optionsGroup('Traffic:');
  add('--rate <n>', 'interactions that start per second at the busiest hour', between(0.001, 10_000), '0.2');
  add('--at <time>', 'time of the day at the start', timeOfDay, '10:00');
  add(
    '--duration <time>',
    `such as 90s, 10m, 8h, 2d (default: ${DEFAULT_DURATION}; with --count until all are finished)`,
    timeSpan,
  );
  add('--count <n>', 'interactions that start at the most', wholeBetween(1, 10_000_000));
  add('--speed <n>', 'how many times as fast as real its clock goes', between(0.001, 1_000_000), '60');
  add('--seed <n>', 'makes it repeatable', wholeBetween(0, Number.MAX_SAFE_INTEGER));
  add('--bursts <n>', 'bursts per hour; in each, 30 s of interactions start at once', between(0, 3_600), '2');
  add('--batches <percent>', 'of requests that carry several events', percent, '10%');
  add('--duplicates <percent>', 'of requests that come again though they were acknowledged', percent, '2%');
  add('--reordered <percent>', 'of interactions whose FINISHED comes before the STARTED', percent, '1%');
  add(
    '--wrong-signatures <percent>',
    'of requests beside which one comes with a wrong signature',
    percent,
    '1%',
  );

  command.optionsGroup('Redelivery, on anything but 200:');
  add('--timeout <seconds>', 'how long to wait for an answer', between(0.1, 3_600), '10');
  add('--attempts <n>', 'how often a request is sent at the most', wholeBetween(1, 1_000), '8');
  add(
    '--retry-after <seconds>',
    'until the second attempt; the wait doubles each time, up to 60 s',
    between(0, 60),
    '1',
  );
  add('--connections <n>', 'requests under way at the most', wholeBetween(1, 1_000), '50');

  command.optionsGroup('Where to:');
  add(
    '--url <url>',
    'the webhook (default: the one of this machine, as HOST, PORT, BASE_PATH and WEBHOOK_PATH say)',
    url,
  );
  add('--channels <list>', 'separated by commas', list, DEFAULT_CHANNEL);
  command
    .option('--secret-file <path>', 'file with the secret of the only channel')
    .option('--secret <value>', 'the secret itself; other users of the machine can see it')
    .option('--api-key <key>', 'value of x-api-key (default: WEBHOOK_API_KEY)');

  command
    .optionsGroup('What to compare, and how to print:')
    .option('--check', "compare what is stored to what was sent, through the operators' API");
  add(
    '--api <url>',
    'the service for --check (default: that of --url, or as HOST, PORT and OPERATIONS_PORT say)',
    url,
  );
  command
    .option('--token-file <path>', 'file with the operator or viewer token')
    .option('--token <value>', 'the token itself; other users of the machine can see it')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SimulateOptions) => setExitCode(await run(options)));
}

async function run(options: SimulateOptions): Promise<number> {
  const environment = readEnvironment();
  const { channels, count, connections, speed, attempts, seed = randomInt(2 ** 32) } = options;
  if (channels.length > 1 && (options.secret ?? options.secretFile) !== undefined) {
    throw new UsageError(
      '--secret and --secret-file are for one channel: several have theirs in the environment.',
    );
  }
  const result = await simulate({
    traffic: {
      seed,
      channels,
      perSecond: options.rate,
      startMs: options.at,
      durationMs: options.duration ?? (count === undefined ? timeSpan(DEFAULT_DURATION) : Infinity),
      count: count ?? Infinity,
      burstsPerHour: options.bursts,
      batches: options.batches,
      duplicates: options.duplicates,
      reordered: options.reordered,
      forged: options.wrongSignatures,
    },
    senders: new Map(channels.map((channel) => [channel, sendersOf(channel, options, environment)])),
    api:
      options.check &&
      connect({ ...options, url: options.api ?? (options.url && new URL(options.url.origin)) }),
    isRepeatable: options.seed !== undefined,
    retryMs: options.retryAfter * 1_000,
    speed,
    attempts,
    connections,
  });
  console.log(options.json ? JSON.stringify(result) : describeResult(result));
  return isAsExpected(result) ? EXIT.ok : EXIT.failed;
}

function sendersOf(channel: string, options: SimulateOptions, environment: CliEnvironment): ChannelSenders {
  const { timeout, connections } = options;
  const target = findTarget({ ...options, channel }, environment.merged);
  const secret = findSecret(options, channel, environment);
  const all = { target, traceId: undefined, timeoutMs: timeout * 1_000, connections };
  return {
    right: new Sender({ ...all, key: secret.key }),
    wrong: new Sender({ ...all, key: generateKeySync('hmac', { length: 256 }) }),
    secretFrom: secret.from,
  };
}
