import type { Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { addFilterOptions, filterBody, positive, type FilterOptions } from '../api-client/filter.js';
import type { Replay, ReplayCount } from '../api-client/shapes.js';
import { addBulkOptions, BULK_HELP, demandSelection, type BulkOptions } from '../bulk/options.js';
import { EXIT, UsageError } from '../failure.js';
import { watchReplay } from '../replay/watch.js';
import { confirm, declined } from '../terminal/confirm.js';
import { count } from '../terminal/delivery-text.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { table, type Column } from '../terminal/table.js';

interface ReplayOptions extends ApiOptions, FilterOptions, BulkOptions {
  readonly listener?: string;
  readonly all?: true;
  readonly detach?: true;
}

const EXAMPLES = `
Examples:
  interactions-webhook replay --listener crm-close-case --from 2026-06-13 --to 2026-06-14 --dry-run
  interactions-webhook replay --listener crm-close-case --interaction 8e09e19f-b8ba-4db0-b6e7-dfc8a7776176
  interactions-webhook replay --listener crm-close-case --from 7d --yes --detach --json
  interactions-webhook replay list                      those that run, and those before
  interactions-webhook replay watch 7
  interactions-webhook replay cancel 7

A replay hands events to a listener once more, whatever became of them, in the order of the log. It runs in the
service: Ctrl-C only ends the waiting, and says how to watch and how to cancel.
${BULK_HELP}
${TOKEN_HELP}
${EXIT_HELP}`;

const COLUMNS: readonly Column<Replay>[] = [
  { heading: 'ID', of: ({ id }) => String(id), align: 'right' },
  { heading: 'LISTENER', of: ({ listener }) => printable(listener) },
  { heading: 'STATE', of: ({ state }) => printable(state) },
  { heading: 'PROGRESS', of: ({ progress }) => `${Math.floor(progress * 100)}%`, align: 'right' },
  { heading: 'REPLAYED', of: ({ replayed }) => String(replayed), align: 'right' },
  { heading: 'BEGUN', of: ({ createdAt }) => createdAt },
];

/** Adds `replay`: events are handed to a listener once more. */
export function addReplayCommand(program: Command, setExitCode: (code: number) => void): void {
  const replay = program
    .command('replay')
    .description('Hand events to a listener once more; or list, watch and cancel replays.')
    .optionsGroup('Who gets them:')
    .option('--listener <name>', 'the listener; needed to begin a replay');
  const picked = addFilterOptions(replay).option('--all', 'all events of the log');
  addBulkOptions(picked).option('--detach', 'begin it, and do not wait for its end');
  addApiOptions(replay, 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReplayOptions) => setExitCode(await begin(connect(options), options)));
  addSubcommands(replay, setExitCode);
}

function addSubcommands(replay: Command, setExitCode: (code: number) => void): void {
  addApiOptions(replay.command('list').description('List replays, the newest first.'))
    .option('--limit <n>', 'at the most', positive, 50)
    .addHelpText(
      'after',
      `\nExample:\n  interactions-webhook replay list --json\n${TOKEN_HELP}\n${EXIT_HELP}`,
    )
    .action((options: ApiOptions & { limit: number }) => list(connect(options), options));
  addApiOptions(
    replay.command('watch').description('Wait for the end of a replay.'),
    'print one JSON document',
  )
    .argument('<id>', 'of the replay', positive)
    .addHelpText('after', `\nExample:\n  interactions-webhook replay watch 7\n${TOKEN_HELP}\n${EXIT_HELP}`)
    .action(async (id: number, options: ApiOptions) =>
      setExitCode(await watch(connect(options), id, options)),
    );
  addApiOptions(
    replay.command('cancel').description('End a replay; what it replayed so far stays so.'),
    'print one JSON document',
  )
    .argument('<id>', 'of the replay', positive)
    .addHelpText('after', `\nExample:\n  interactions-webhook replay cancel 7\n${TOKEN_HELP}\n${EXIT_HELP}`)
    .action((id: number, options: ApiOptions) => cancel(connect(options), id, options));
}

async function begin(client: ApiClient, options: ReplayOptions): Promise<number> {
  const { listener, dryRun = false, yes = false, detach = false, json = false } = options;
  if (listener === undefined) throw new UsageError('Say who gets the events: --listener NAME.');
  const request = { listener, filter: filterBody(options) };
  demandSelection(
    Object.keys(request.filter).length > 0,
    options.all,
    'which events: an option that picks some',
  );
  const found = await client.post<ReplayCount>('/replays', { ...request, dryRun: true });
  const events = count(found.count, 'event');
  if (dryRun || found.count === 0) {
    if (json) console.log(jsonLine({ count: found.count, dryRun }));
    else
      console.log(
        found.count === 0 ? 'No event matches.' : `${events} would be replayed for ${printable(listener)}.`,
      );
    return EXIT.ok;
  }
  if (!(await confirm(`Replay ${events} for ${printable(listener)}?`, yes))) return declined();
  const replay: Replay = await client.post('/replays', request);
  if (!detach) return watch(client, replay.id, options);
  console.log(json ? jsonLine(replay) : goesOn(replay));
  return EXIT.ok;
}

async function watch(client: ApiClient, id: number, { json }: ApiOptions): Promise<number> {
  const replay = await watchReplay(client, id);
  if (json) console.log(jsonLine(replay));
  else if (replay.state === 'running') console.log(goesOn(replay));
  else
    console.log(
      `${capital(replay.state)}: ${count(replay.replayed, 'event')} replayed for ${printable(replay.listener)}.`,
    );
  return replay.state === 'done' ? EXIT.ok : EXIT.failed;
}

async function list(client: ApiClient, { limit, json }: ApiOptions & { limit: number }): Promise<void> {
  const found: Replay[] = [];
  for await (const items of client.pages<Replay>('/replays', {}, limit)) found.push(...items);
  for (const line of json ? found.map(jsonLine) : table(found, COLUMNS)) console.log(line);
  if (found.length === 0 && !json) console.error('There is no replay.');
}

async function cancel(client: ApiClient, id: number, { json }: ApiOptions): Promise<void> {
  const replay: Replay = await client.post(`/replays/${id}/cancel`);
  console.log(json ? jsonLine(replay) : `Cancelled: ${count(replay.replayed, 'event')} had been replayed.`);
}

function goesOn({ id }: Replay): string {
  return [
    `The replay ${id} goes on in the service.`,
    `  watch it:  interactions-webhook replay watch ${id}`,
    `  end it:    interactions-webhook replay cancel ${id}`,
  ].join('\n');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
