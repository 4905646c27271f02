import { InvalidArgumentError, type Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { follow } from '../api-client/event-stream.js';
import { filterBody, list, position } from '../api-client/filter.js';
import type { EventSummary, LiveAttempt, Page, StoredEvent } from '../api-client/shapes.js';
import { picksAttempt, picksEvent, type TailFilter } from '../tail/filter.js';
import { JSON_LINES, TEXT_LINES, type Lines } from '../tail/lines.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { printable } from '../terminal/printable.js';

interface TailOptions extends ApiOptions, TailFilter {
  readonly attempts?: true;
  readonly lines: number;
  readonly after?: number;
}

const MOST_LINES = 500;

const EXAMPLES = `
Examples:
  interactions-webhook tail                                  the latest 10 events, then what comes
  interactions-webhook tail --attempts --listener crm-close-case
  interactions-webhook tail --channel emea-chat --type FINISHED
  interactions-webhook tail --lines 0 | jq -r .interactionId   a pipe gets JSON, one document a line
  interactions-webhook tail --after 4711 >> events.ndjson    go on where a file ended

A connection that is lost is opened again, and goes on behind the last event: none is skipped. Attempts are live
alone: those from in between are missing. Ctrl-C ends it, with exit code 0.
${TOKEN_HELP}
${EXIT_HELP}`;

/** Adds `tail`: events as they come. */
export function addTailCommand(program: Command): void {
  const command = program
    .command('tail')
    .description('Show events as they come: in columns on a terminal, as JSON elsewhere.')
    .optionsGroup('What to show (all that are given must match):')
    .option('--interaction <id>', 'of one interaction')
    .option('--type <list>', 'STARTED, FINISHED; lists are separated by commas', list)
    .option('--media-type <list>', 'such as chat,email', list)
    .option('--subtype <list>', 'such as InboundNew,WhatsApp', list)
    .option('--channel <list>', 'such as default,emea-chat', list)
    .option(
      '--attempts',
      'each attempt of a listener, too; it is picked by --interaction, --channel and --listener',
    )
    .option('--listener <list>', 'attempts of these listeners alone, such as crm-close-case', list)
    .optionsGroup('Where to begin:')
    .option('-n, --lines <n>', 'that many of the latest events first', lines, 10)
    .option(
      '--after <seq>',
      'all events behind this position of the log first; 0 is its beginning',
      position,
    );
  addApiOptions(command, 'print JSON, one document a line, on a terminal too')
    .addHelpText('after', EXAMPLES)
    .action((options: TailOptions) => tail(connect(options), options));
}

async function tail(client: ApiClient, options: TailOptions): Promise<void> {
  const how = options.json || !process.stdout.isTTY ? JSON_LINES : TEXT_LINES;
  const { signal, release } = onInterrupt();
  try {
    const start = options.after ?? (await showLatest(client, options, how));
    const messages = follow(client, {
      only: options.attempts ? ['event', 'attempt'] : ['event'],
      lastEventId: String(start),
      signal,
      onConnection: (state, reason) =>
        console.error(
          state === 'back' ? 'Connected again.' : `Lost the connection: ${printable(reason)}. Trying again …`,
        ),
    });
    for await (const { event, data } of messages) {
      if (event === 'event') showEvent(JSON.parse(data) as StoredEvent, options, how);
      else if (event === 'attempt') showAttempt(JSON.parse(data) as LiveAttempt, options, how);
    }
  } finally {
    release();
  }
}

/**
 * Shows the latest events.
 *
 * @returns the position in the log up to which that was, from which the stream has to go on.
 */
async function showLatest(client: ApiClient, options: TailOptions, how: Lines): Promise<number> {
  const { items } = await client.get<Page<EventSummary>>('/events', { limit: 1 });
  const position = items[0]?.seq ?? 0;
  const found: EventSummary[] = [];
  if (options.lines > 0) {
    const { listener, ...filter } = options;
    for await (const page of client.pages<EventSummary>('/events', filterBody(filter), options.lines))
      found.push(...page);
  }
  // What came since is told by the stream.
  const latest = found.filter(({ seq }) => seq <= position).toReversed();
  for (const { deliveries: _, ...event } of latest) console.log(how.event(event));
  return position;
}

function showEvent(event: StoredEvent, filter: TailFilter, how: Lines): void {
  if (picksEvent(filter, event)) console.log(how.event(event));
}

function showAttempt(attempt: LiveAttempt, filter: TailFilter, how: Lines): void {
  if (picksAttempt(filter, attempt)) console.log(how.attempt(attempt, new Date()));
}

function lines(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > MOST_LINES) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${MOST_LINES}.`);
  }
  return Number(text);
}
