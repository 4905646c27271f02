import { Option, type Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { addFilterOptions, filterBody, positive, type FilterOptions } from '../api-client/filter.js';
import type { EventDetail, EventSummary } from '../api-client/shapes.js';
import { describeEvent } from '../events/describe.js';
import { EXPORT_FORMATS, exportEvents, type ExportFormat } from '../events/export.js';
import { UsageError } from '../failure.js';
import { deliveriesCell, EVENT_COLUMNS } from '../terminal/event-columns.js';
import { jsonLine } from '../terminal/printable.js';
import { table, type Column } from '../terminal/table.js';

interface EventsOptions extends ApiOptions, FilterOptions {
  readonly text?: string;
  readonly limit: number;
  readonly export?: ExportFormat;
  readonly output?: string;
}

const EXAMPLES = `
Examples:
  interactions-webhook events                                    the latest 50
  interactions-webhook events --from 2h --channel emea-chat      of the last two hours, of one channel
  interactions-webhook events --interaction 8e09e19f-b8ba-4db0-b6e7-dfc8a7776176
  interactions-webhook events --text 463ac35c9f6413ad            by a part of an id or a trace id
  interactions-webhook events show 4711                          one, with its body and every attempt
  interactions-webhook events --export csv --output june.csv --from 2026-06-01 --to 2026-07-01
  interactions-webhook events --export ndjson --type FINISHED | jq .interactionId
${TOKEN_HELP}
${EXIT_HELP}`;

const SHOW_EXAMPLES = `
Examples:
  interactions-webhook events show 4711
  interactions-webhook events show 4711 --json | jq -r .body      the body as it was received
${TOKEN_HELP}
${EXIT_HELP}`;

const COLUMNS: readonly Column<EventSummary>[] = [
  ...EVENT_COLUMNS,
  { heading: 'DELIVERIES', of: deliveriesCell },
];

/** Adds `events`: the stored events, listed, exported, or one of them with all that is known of it. */
export function addEventsCommand(program: Command): void {
  const events = program
    .command('events')
    .description('List stored events, the newest first; or export them, or show one.');
  addFilterOptions(events)
    .option('--text <text>', 'with this text in an id, the operation id, selfUri or trace id')
    .optionsGroup('How many, and where to:')
    .option('--limit <n>', 'at the most', positive, 50)
    .addOption(
      new Option('--export <format>', 'all that match, oldest first, streamed')
        .choices(EXPORT_FORMATS)
        .conflicts('json'),
    )
    .option('--output <file>', 'of the export, instead of the standard output');
  addApiOptions(events)
    .addHelpText('after', EXAMPLES)
    .action((options: EventsOptions) => events_(options));
  addApiOptions(
    events.command('show').description('Show one event: its body, its receipt, every delivery and attempt.'),
    'print one JSON document',
  )
    .argument('<seq>', 'its position in the log, as lists show it', positive)
    .addHelpText('after', SHOW_EXAMPLES)
    .action((seq: number, options: ApiOptions) => show(connect(options), seq, options.json ?? false));
}

async function events_(options: EventsOptions): Promise<void> {
  const { text, limit, output, json, export: format } = options;
  if (output !== undefined && format === undefined) {
    throw new UsageError(`--output needs --export ${EXPORT_FORMATS.join(' or ')}.`);
  }
  const client = connect(options);
  const query = { ...filterBody(options), text };
  if (format !== undefined) {
    await exportEvents(client, format, query, output);
    return;
  }
  const found: EventSummary[] = [];
  for await (const items of client.pages<EventSummary>('/events', query, limit)) {
    if (json) for (const item of items) console.log(jsonLine(item));
    else found.push(...items);
  }
  if (json) return;
  for (const line of table(found, COLUMNS)) console.log(line);
  if (found.length === 0) console.error('No event matches.');
}

async function show(client: ApiClient, seq: number, json: boolean): Promise<void> {
  const event: EventDetail = await client.get(`/events/${seq}`);
  console.log(json ? jsonLine(event) : describeEvent(event).join('\n'));
}
