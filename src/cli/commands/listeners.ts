import type { Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import type { Listener } from '../api-client/shapes.js';
import { count } from '../terminal/delivery-text.js';
import { duration } from '../terminal/duration.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';
import { table, type Column } from '../terminal/table.js';

const EXAMPLES = `
Examples:
  interactions-webhook listeners                       all of them, and how far each is behind
  interactions-webhook listeners pause crm-close-case  what it is to handle waits; nothing is lost
  interactions-webhook listeners resume crm-close-case
  interactions-webhook listeners --json | jq 'select(.dead > 0).name'

STATE     running, paused, catching up with the log, or gone: it has deliveries, and no process loads it
WAITING   deliveries that are due, wait for a retry, or wait for an earlier event of their interaction
BEHIND    for how long the oldest delivery that is due has waited
PER MIN   attempts a minute, and FAILED the share of them that failed, in the last five minutes
${TOKEN_HELP}
${EXIT_HELP}`;

const COLUMNS: readonly Column<Listener>[] = [
  { heading: 'LISTENER', of: ({ name }) => printable(name) },
  { heading: 'STATE', of: stateOf },
  { heading: 'WAITING', of: ({ waiting }) => String(waiting), align: 'right' },
  { heading: 'RUNNING', of: ({ running }) => String(running), align: 'right' },
  { heading: 'DEAD', of: ({ dead }) => (dead > 0 ? paint('red', String(dead)) : '0'), align: 'right' },
  {
    heading: 'BEHIND',
    of: ({ lagSeconds }) => (lagSeconds === 0 ? '-' : duration(lagSeconds * 1_000)),
    align: 'right',
  },
  { heading: 'PER MIN', of: ({ perMinute }) => String(Math.round(perMinute * 10) / 10), align: 'right' },
  { heading: 'FAILED', of: ({ errorRate }) => `${Math.round(errorRate * 1_000) / 10}%`, align: 'right' },
];

/** Adds `listeners`: how far each is behind; and pauses and resumes them. */
export function addListenersCommand(program: Command): void {
  const listeners = program
    .command('listeners')
    .description('List the listeners and how far each is behind; or pause and resume them.');
  addApiOptions(listeners)
    .addHelpText('after', EXAMPLES)
    .action((options: ApiOptions) => list(connect(options), options.json ?? false));
  addSwitch(listeners, 'pause', 'Start no more deliveries of a listener; they wait, and nothing is lost.');
  addSwitch(listeners, 'resume', 'Go on with a listener that was paused.');
}

function addSwitch(listeners: Command, action: 'pause' | 'resume', description: string): void {
  addApiOptions(listeners.command(action).description(description), 'print one JSON document')
    .argument('<name>', 'of the listener')
    .addHelpText(
      'after',
      `\nExample:\n  interactions-webhook listeners ${action} crm-close-case\n${TOKEN_HELP}\n${EXIT_HELP}`,
    )
    .action((name: string, options: ApiOptions) =>
      turn(connect(options), name, action, options.json ?? false),
    );
}

async function list(client: ApiClient, json: boolean): Promise<void> {
  const { items } = await client.get<{ items: readonly Listener[] }>('/listeners');
  if (json) for (const item of items) console.log(jsonLine(item));
  else for (const line of table(items, COLUMNS)) console.log(line);
  if (items.length === 0 && !json) console.error('No listener is known.');
}

async function turn(
  client: ApiClient,
  name: string,
  action: 'pause' | 'resume',
  json: boolean,
): Promise<void> {
  const listener: Listener = await client.post(`/listeners/${encodeURIComponent(name)}/${action}`);
  if (json) console.log(jsonLine(listener));
  else
    console.log(
      `${printable(listener.name)} is ${listener.paused ? 'paused' : 'running'}; ${count(listener.waiting, 'delivery waits', 'deliveries wait')}.`,
    );
}

function stateOf({ loaded, paused, catchingUpFrom }: Listener): string {
  if (paused) return paint('yellow', 'paused');
  if (!loaded) return paint('red', 'gone');
  return catchingUpFrom === null ? paint('green', 'running') : paint('yellow', 'catching up');
}
