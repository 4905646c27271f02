import type { Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import type { Timeline } from '../api-client/shapes.js';
import { describeTimeline } from '../interaction/timeline.js';
import { jsonLine } from '../terminal/printable.js';

interface InteractionOptions extends ApiOptions {
  readonly channel?: string;
}

const EXAMPLES = `
Examples:
  interactions-webhook interaction 8e09e19f-b8ba-4db0-b6e7-dfc8a7776176
  interactions-webhook interaction 8e09e19f-b8ba-4db0-b6e7-dfc8a7776176 --channel emea-chat --json

What is not done can be run again:
  interactions-webhook retry --interaction ID                     what is dead
  interactions-webhook replay --listener NAME --interaction ID    what was done
${TOKEN_HELP}
${EXIT_HELP}`;

/** Adds `interaction`: what happened to one, in the order in which it happened. */
export function addInteractionCommand(program: Command): void {
  const command = program
    .command('interaction')
    .description(
      'Show what happened to an interaction: its events, each attempt of each listener, the outcome.',
    )
    .argument('<id>', 'of the interaction')
    .optionsGroup('Which one:')
    .option('--channel <name>', 'of one channel; an id can be known to several');
  addApiOptions(command, 'print JSON, one document a line, for each channel that knows the id')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: InteractionOptions) => interaction(connect(options), id, options));
}

async function interaction(
  client: ApiClient,
  id: string,
  { channel, json }: InteractionOptions,
): Promise<void> {
  const path = `/interactions/${encodeURIComponent(id)}`;
  const { items } = await client.get<{ items: readonly Timeline[] }>(path, { channel });
  const texts = items.map((item) => (json ? jsonLine(item) : describeTimeline(item).join('\n')));
  console.log(texts.join(json ? '\n' : '\n\n'));
}
