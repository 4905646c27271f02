import { Option, type Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { positive } from '../api-client/filter.js';
import type { QuarantineDetail, QuarantineItem } from '../api-client/shapes.js';
import { addBulkOptions, BULK_HELP, type BulkOptions } from '../bulk/options.js';
import { describeBody, labelled } from '../events/describe.js';
import { changePayloads, type PayloadChange, type PayloadSelection } from '../quarantine/change.js';
import { count } from '../terminal/delivery-text.js';
import { cell } from '../terminal/event-columns.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';
import { table, type Column } from '../terminal/table.js';

interface ListOptions extends ApiOptions {
  readonly state: string;
  readonly channel?: string;
  readonly groups?: true;
  readonly limit: number;
}

type ChangeOptions = ApiOptions & PayloadSelection & BulkOptions;

const QUARANTINE_STATES = ['held', 'reprocessed', 'discarded'];

const EXAMPLES = `
Examples:
  interactions-webhook quarantine --groups                what is wrong, and how often
  interactions-webhook quarantine --channel emea-chat     the latest 50 of a channel
  interactions-webhook quarantine show 12                 one, with its body
  interactions-webhook quarantine reprocess --all         once the rules or the version have changed
  interactions-webhook quarantine discard 12 13

In quarantine are authentic payloads that are not valid: they were signed with the secret of their channel, and
are kept byte for byte.
${TOKEN_HELP}
${EXIT_HELP}`;

const REPROCESS: PayloadChange = {
  action: 'reprocess',
  question: (payloads) => `Reprocess ${payloads} by the present rules?`,
  done: (payloads) => `${payloads} accepted.`,
};

const DISCARD: PayloadChange = {
  action: 'discard',
  question: (payloads) => `Discard ${payloads}? No listener will ever get what is in it.`,
  done: (payloads) => `${payloads} discarded.`,
};

const COLUMNS: readonly Column<QuarantineItem>[] = [
  { heading: 'ID', of: ({ id }) => String(id), align: 'right' },
  { heading: 'LAST CAME', of: ({ lastAt }) => lastAt },
  { heading: 'TIMES', of: ({ times }) => String(times), align: 'right' },
  { heading: 'CHANNEL', of: ({ channel }) => cell(channel) },
  { heading: 'STATE', of: ({ state }) => printable(state) },
  { heading: 'BYTES', of: ({ size }) => String(size), align: 'right' },
  { heading: 'WRONG', of: ({ errors }) => errors.map(printable).join('; ') },
];

const GROUP_COLUMNS: readonly Column<{ error: string; count: number }>[] = [
  { heading: 'COUNT', of: (group) => String(group.count), align: 'right' },
  { heading: 'WRONG', of: ({ error }) => printable(error) },
];

/** Adds `quarantine`: authentic payloads that are not valid, listed, shown, reprocessed or discarded. */
export function addQuarantineCommand(program: Command, setExitCode: (code: number) => void): void {
  const quarantine = program
    .command('quarantine')
    .description('List authentic payloads that are not valid; or show, reprocess or discard them.')
    .optionsGroup('Which payloads:')
    .option('--channel <name>', 'of one channel')
    .addOption(
      new Option('--state <state>', 'what became of them').choices(QUARANTINE_STATES).default('held'),
    )
    .optionsGroup('How many:')
    .option('--groups', 'count those that are held by what is wrong with them')
    .option('--limit <n>', 'at the most, the newest first', positive, 50);
  addApiOptions(quarantine)
    .addHelpText('after', EXAMPLES)
    .action((options: ListOptions) =>
      options.groups ? group(connect(options), options) : list(connect(options), options),
    );
  addApiOptions(
    quarantine.command('show').description('Show a payload with its body.'),
    'print one JSON document',
  )
    .argument('<id>', 'of the payload, as the list shows it', positive)
    .addHelpText(
      'after',
      `\nExample:\n  interactions-webhook quarantine show 12 --json | jq -r .body\n${TOKEN_HELP}\n${EXIT_HELP}`,
    )
    .action((id: number, options: ApiOptions) => show(connect(options), id, options));
  addChange(
    quarantine,
    REPROCESS,
    'Read held payloads by the present rules, and accept what is valid now.',
    setExitCode,
  );
  addChange(quarantine, DISCARD, 'Give held payloads up.', setExitCode);
}

function addChange(
  quarantine: Command,
  change: PayloadChange,
  description: string,
  setExitCode: (code: number) => void,
): void {
  const { action } = change;
  const command = quarantine
    .command(action)
    .description(description)
    .argument('[ids...]', 'of payloads', ids)
    .optionsGroup('Which, where no ids are given:')
    .option('--channel <name>', 'of one channel')
    .option('--error <text>', 'with this fault, as "quarantine --groups" shows it')
    .option('--all', 'all that are held');
  const examples = `\nExamples:\n  interactions-webhook quarantine ${action} 12 13\n  interactions-webhook quarantine ${action} --all --dry-run\n`;
  addApiOptions(addBulkOptions(command), 'print one JSON document')
    .addHelpText('after', `${examples}${BULK_HELP}\n${TOKEN_HELP}\n${EXIT_HELP}`)
    .action(async (ids: readonly number[], options: ChangeOptions) =>
      setExitCode(await changePayloads(connect(options), ids, options, change)),
    );
}

/** Of one argument after the other. */
function ids(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), positive(text)];
}

async function list(client: ApiClient, { state, channel, limit, json }: ListOptions): Promise<void> {
  const found: QuarantineItem[] = [];
  for await (const items of client.pages<QuarantineItem>('/quarantine', { state, channel }, limit))
    found.push(...items);
  for (const line of json ? found.map(jsonLine) : table(found, COLUMNS)) console.log(line);
  if (found.length === 0 && !json) console.error('No payload matches.');
}

async function group(client: ApiClient, { json }: ListOptions): Promise<void> {
  const { items } = await client.get<{ items: readonly { error: string; count: number }[] }>(
    '/quarantine/groups',
  );
  for (const line of json ? items.map(jsonLine) : table(items, GROUP_COLUMNS)) console.log(line);
  if (items.length === 0 && !json) console.error('No payload is held.');
}

async function show(client: ApiClient, id: number, { json }: ApiOptions): Promise<void> {
  const payload: QuarantineDetail = await client.get(`/quarantine/${id}`);
  console.log(json ? jsonLine(payload) : describe(payload).join('\n'));
}

function describe(payload: QuarantineDetail): string[] {
  const { id, state, channel, times, firstAt, lastAt, size, traceId, errors } = payload;
  return [
    `${paint('bold', `Payload ${id}`)}  ${printable(state)}`,
    labelled('Channel', cell(channel)),
    labelled('Came', times === 1 ? lastAt : `${count(times, 'time')}, from ${firstAt} to ${lastAt}`),
    labelled('Trace id', cell(traceId)),
    labelled('Size', count(size, 'byte')),
    '',
    paint('bold', 'Wrong'),
    ...errors.map((error) => `  - ${printable(error)}`),
    '',
    paint('bold', 'Body'),
    ...describeBody(payload),
  ];
}
