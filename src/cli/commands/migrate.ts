import type { Command } from 'commander';

import { databaseName } from '../../config/database.js';
import { CommandFailure, EXIT } from '../failure.js';
import { configuredDatabase } from '../store/database.js';
import { jsonLine } from '../terminal/printable.js';

interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  interactions-webhook migrate --dry-run      what is to be done
  interactions-webhook migrate                before replicas with MIGRATE=off are started

The version before goes on serving meanwhile, and after it. All steps are taken, or none.

Exit codes: 0 the schema is up to date, or would be; 1 it is of a newer version, or a step failed; 2 the command
was not understood; 69 the database does not answer.`;

/** Adds `migrate`: brings the store's schema up to date, as the start does unless `MIGRATE` is `off`. */
export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description("Bring the store's schema up to date, as the start does unless MIGRATE is off.")
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(migrate);
}

async function migrate({ dryRun = false, json }: MigrateOptions): Promise<void> {
  const database = configuredDatabase();
  const name = databaseName(database);
  // Not before: what they load is large.
  const { migrateStore } = await import('../../store/migrate-store.js');
  const { StoreOpenError } = await import('../../store/errors.js');
  try {
    const { before, steps } = await migrateStore(database, dryRun);
    if (json) console.log(jsonLine({ store: name, dryRun, before, steps }));
    else console.log(describe(name, before, steps, dryRun));
  } catch (error) {
    if (error instanceof StoreOpenError) throw new CommandFailure(`${name}: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandFailure(
      `${name} cannot be opened (${code ?? 'error'}: ${message}). Check DATABASE_URL and DATA_DIR.`,
      EXIT.unavailable,
    );
  }
}

function describe(
  name: string,
  before: readonly string[],
  steps: readonly string[],
  dryRun: boolean,
): string {
  const at = before.at(-1) ?? 'empty';
  if (steps.length === 0) return `The schema of ${name} is up to date (${at}).`;
  const lines = [`The schema of ${name} ${dryRun ? 'is' : 'was'} at ${at}.`];
  return [...lines, ...steps.map((step) => `  ${dryRun ? 'to come' : 'done'}  ${step}`)].join('\n');
}
