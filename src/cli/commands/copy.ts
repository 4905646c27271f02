import { readFileSync } from 'node:fs';

import type { Command } from 'commander';

import { databaseName, parseDatabaseUrl, type Database } from '../../config/database.js';
import type { CopiedTable } from '../../store/copy/copy.js';
import { readEnvironment } from '../environment.js';
import { CommandFailure, EXIT, UsageError } from '../failure.js';
import { startProgress } from '../send/progress.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { jsonLine } from '../terminal/printable.js';
import { table, type Column } from '../terminal/table.js';

interface CopyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  interactions-webhook copy --from sqlite:./data/interactions.db --to postgres://user@db.example/interactions
  COPY_TO_FILE=/run/secrets/database-url interactions-webhook copy --from sqlite:./data/interactions.db

URLs are those of DATABASE_URL. A password on the command line can be seen by others on the machine: COPY_FROM and
COPY_TO, or COPY_FROM_FILE and COPY_TO_FILE, which name a file with the URL, take the place of the options.

Stop every service on both stores first. All keeps its number. A copy that was cut off goes on when it is run again.
At the end both are read, and compared table by table.

Exit codes: 0 both have the same; 1 they do not, or the copy was refused; 2 the command was not understood;
69 a database does not answer.`;

const COLUMNS: readonly Column<CopiedTable>[] = [
  { heading: 'TABLE', of: (row) => row.table },
  { heading: 'ROWS', of: ({ rows }) => String(rows[0]), align: 'right' },
  { heading: 'COPIED NOW', of: ({ copied }) => String(copied), align: 'right' },
  { heading: 'DIGEST', of: ({ digests }) => digests[0].slice(0, 16) },
  { heading: 'SAME', of: ({ same, rows }) => (same ? 'yes' : `NO: ${rows[1]} rows`) },
];

/** Adds `copy`: moves a store from one database to another. */
export function addCopyCommand(program: Command): void {
  program
    .command('copy')
    .description('Copy a store into an empty database, such as from SQLite to PostgreSQL, and compare them.')
    .option('--from <url>', 'the store that is there')
    .option('--to <url>', 'the database that it goes to')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(copy);
}

async function copy({ from: fromUrl, to: toUrl, json }: CopyOptions): Promise<void> {
  const [from, to] = [databaseOf('from', fromUrl), databaseOf('to', toUrl)];
  // Not before: what it loads is large.
  const { copyStore, CopyError } = await import('../../store/copy/copy.js');
  const { StoreOpenError } = await import('../../store/errors.js');
  const { signal, release } = onInterrupt();
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    const tables = await copyStore(from, to, {
      signal,
      onProgress: (rows, total) => (progress ??= startProgress(total)).advance(rows),
    });
    progress?.stop();
    const same = tables.every((row) => row.same);
    if (json) console.log(jsonLine({ from: databaseName(from), to: databaseName(to), same, tables }));
    else for (const line of table(tables, COLUMNS)) console.log(line);
    if (same) return;
    throw new CommandFailure('The two are not the same. Empty the target, and copy anew.');
  } catch (error) {
    progress?.stop();
    if (error instanceof CommandFailure) throw error;
    if (error instanceof CopyError || error instanceof StoreOpenError)
      throw new CommandFailure(error.message);
    if (signal.aborted) throw new CommandFailure('Interrupted. Run it again to go on.');
    const { code, message } = error as NodeJS.ErrnoException;
    const exitCode = /^(ECONN|ENOTFOUND|ETIMEDOUT|EAI_|28|57P0)/.test(code ?? '')
      ? EXIT.unavailable
      : EXIT.failed;
    throw new CommandFailure(
      `The copy of ${databaseName(from)} to ${databaseName(to)} was cut off (${code ?? 'error'}: ${message}). Run it again to go on.`,
      exitCode,
    );
  } finally {
    release();
  }
}

/** A URL of the command line, or of the environment. No message has it in it. */
function databaseOf(side: 'from' | 'to', option: string | undefined): Database {
  const { merged } = readEnvironment();
  const name = `COPY_${side.toUpperCase()}`;
  const text = option ?? (merged[name] || fileOf(`${name}_FILE`, merged[`${name}_FILE`]));
  if (!text) throw new UsageError(`Name the store with --${side} or ${name}: sqlite:PATH, or postgres://….`);
  try {
    return parseDatabaseUrl(text);
  } catch (error) {
    throw new UsageError(`--${side} ${(error as Error).message}.`);
  }
}

function fileOf(name: string, file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `${name} names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}
