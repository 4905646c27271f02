import type { Command } from 'commander';

import { UsageError } from '../failure.js';

/** Options of every command that changes many at once. */
export interface BulkOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

/** What such commands do before they do it, for their help. */
export const BULK_HELP = `
It says how many it is about, and asks. --dry-run says it and does nothing; --yes does not ask. Where nobody can
be asked (no terminal), one of the two is needed.`;

/** Adds the options of a command that changes many at once. */
export function addBulkOptions(command: Command): Command {
  return command
    .optionsGroup('Before it begins:')
    .option('--dry-run', 'say how many it would be, and do nothing')
    .option('--yes', 'do not ask');
}

/**
 * Of many, those that are meant have to be named, or all of them be said to be.
 *
 * @param which ends the sentence "Say …, or --all."
 * @throws UsageError unless exactly one of the two was done.
 */
export function demandSelection(picked: boolean, all: true | undefined, which: string): void {
  if (picked && all) throw new UsageError('--all, and which ones: say one of the two.');
  if (!picked && !all) throw new UsageError(`Say ${which}, or --all.`);
}
