import type { Command } from 'commander';

import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { positive } from '../api-client/filter.js';
import type { DeliveryItem } from '../api-client/shapes.js';
import { GROUP_COLUMNS, Groups } from '../dead-letters/groups.js';
import { addSelectionOptions, deadLetters, type SelectionOptions } from '../dead-letters/selection.js';
import { count, firstLine } from '../terminal/delivery-text.js';
import { cell } from '../terminal/event-columns.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { table, type Column } from '../terminal/table.js';

interface DeadOptions extends ApiOptions, SelectionOptions {
  readonly groups?: true;
  readonly limit: number;
}

const EXAMPLES = `
Examples:
  interactions-webhook dead --groups                    how many, by listener and error
  interactions-webhook dead --listener crm-close-case   the latest 50 of one listener
  interactions-webhook dead --json | jq -r .event.interactionId

A dead letter is a delivery whose attempts are used up, or that failed for good. "retry" runs it again, "discard"
gives it up.
${TOKEN_HELP}
${EXIT_HELP}`;

const COLUMNS: readonly Column<DeliveryItem>[] = [
  { heading: 'SEQ', of: ({ seq }) => String(seq), align: 'right' },
  { heading: 'LISTENER', of: ({ listener }) => printable(listener) },
  { heading: 'LAST ATTEMPT', of: ({ startedAt }) => startedAt ?? '-' },
  { heading: 'ATTEMPTS', of: ({ attempt }) => String(attempt), align: 'right' },
  { heading: 'TYPE', of: ({ event }) => cell(event.type) },
  { heading: 'CHANNEL', of: ({ event }) => cell(event.channel) },
  { heading: 'INTERACTION', of: ({ event }) => cell(event.interactionId) },
  { heading: 'ERROR', of: ({ error }) => firstLine(error ?? '') },
];

/** Adds `dead`: the dead letters. */
export function addDeadCommand(program: Command): void {
  const dead = program
    .command('dead')
    .description('List dead letters: deliveries that failed for the last time.');
  addSelectionOptions(dead)
    .optionsGroup('How many:')
    .option('--groups', 'count them all by listener and error')
    .option('--limit <n>', 'at the most, the newest first', positive, 50);
  addApiOptions(dead)
    .addHelpText('after', EXAMPLES)
    .action((options: DeadOptions) => (options.groups ? group(options) : list(options)));
}

async function list(options: DeadOptions): Promise<void> {
  const found: DeliveryItem[] = [];
  for await (const items of deadLetters(connect(options), options, options.limit)) {
    if (options.json) for (const item of items) console.log(jsonLine(item));
    else found.push(...items);
  }
  if (options.json) return;
  for (const line of table(found, COLUMNS)) console.log(line);
  if (found.length === 0) console.error('No dead letter matches.');
}

async function group(options: DeadOptions): Promise<void> {
  const groups = new Groups();
  for await (const items of deadLetters(connect(options), options)) groups.add(items);
  if (options.json) for (const item of groups.list) console.log(jsonLine(item));
  else for (const line of table(groups.list, GROUP_COLUMNS)) console.log(line);
  if (!options.json)
    console.error(groups.total === 0 ? 'No dead letter matches.' : count(groups.total, 'dead letter'));
}
