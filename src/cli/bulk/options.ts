import type { Command } from 'commander';

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
