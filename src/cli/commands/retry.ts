import type { Command } from 'commander';

import { addApiOptions, connect, EXIT_HELP, TOKEN_HELP, type ApiOptions } from '../api-client/connect.js';
import { addBulkOptions, BULK_HELP, type BulkOptions } from '../bulk/options.js';
import { changeDeadLetters, type Change } from '../dead-letters/change.js';
import { addSelectionOptions, type SelectionOptions } from '../dead-letters/selection.js';

type ChangeOptions = ApiOptions & SelectionOptions & BulkOptions & { readonly all?: true };

const RETRY: Change = {
  action: 'retry',
  question: (letters) => `Retry ${letters}, each with fresh attempts?`,
  done: (letters) => `${letters} will be retried.`,
};

const DISCARD: Change = {
  action: 'discard',
  question: (letters) => `Discard ${letters}? The listener will not get them, unless they are replayed.`,
  done: (letters) => `${letters} discarded.`,
};

const help = (examples: string): string => `
Examples:
${examples}
${BULK_HELP}
${TOKEN_HELP}
${EXIT_HELP}`;

const RETRY_EXAMPLES = help(`  interactions-webhook retry --all --dry-run
  interactions-webhook retry --listener crm-close-case --from 2h
  interactions-webhook retry --interaction 8e09e19f-b8ba-4db0-b6e7-dfc8a7776176 --yes
  interactions-webhook retry --listener crm-close-case --error "Error: connect ECONNREFUSED 10.0.0.7:443"`);

const DISCARD_EXAMPLES = help(`  interactions-webhook discard --listener crm-close-case --seq 4711,4712
  interactions-webhook discard --error "Error: no such case" --yes`);

/** Adds `retry`: dead letters get fresh attempts. */
export function addRetryCommand(program: Command, setExitCode: (code: number) => void): void {
  addChange(
    program,
    'retry',
    'Run dead letters again, with fresh attempts.',
    RETRY,
    RETRY_EXAMPLES,
    setExitCode,
  );
}

/** Adds `discard`: dead letters are given up. */
export function addDiscardCommand(program: Command, setExitCode: (code: number) => void): void {
  addChange(program, 'discard', 'Give dead letters up for good.', DISCARD, DISCARD_EXAMPLES, setExitCode);
}

function addChange(
  program: Command,
  name: string,
  description: string,
  change: Change,
  examples: string,
  setExitCode: (code: number) => void,
): void {
  const command = addSelectionOptions(program.command(name).description(description)).option(
    '--all',
    'all of them',
  );
  addApiOptions(addBulkOptions(command), 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (options: ChangeOptions) =>
      setExitCode(await changeDeadLetters(connect(options), options, change)),
    );
}
