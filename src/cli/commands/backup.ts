import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import type { Command } from 'commander';

import { CommandFailure, UsageError } from '../failure.js';
import { startProgress } from '../send/progress.js';
import { configuredDatabase } from '../store/database.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { jsonLine, printable } from '../terminal/printable.js';

interface BackupOptions {
  readonly force?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  interactions-webhook backup /backups/interactions.db
  interactions-webhook backup --force /backups/latest.db
  DATA_DIR=/var/lib/interactions-webhook interactions-webhook backup today.db --json

The service goes on meanwhile. The copy is the store at one moment: checked, on disk, and readable by its owner
alone. To restore it, stop the service, move the store's files away, and put the copy in the place of the first.

Exit codes: 0 the copy is there; 1 it is not; 2 the command was not understood, or FILE is there already.`;

/** Adds `backup`: a copy of a store in SQLite, whether a service uses it or not. */
export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('Copy the store of this configuration while the service runs (SQLite).')
    .argument('<file>', 'to write')
    .option('--force', 'replace the file if it is there')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(backup);
}

async function backup(file: string, { force, json }: BackupOptions): Promise<void> {
  const database = configuredDatabase();
  if (database.engine === 'postgres') {
    throw new UsageError(
      `The store is ${database.name}. Let PostgreSQL copy it: pg_dump --format=custom --file=${printable(file)} ${database.name}\npg_dump asks for the password, or takes it from PGPASSWORD or ~/.pgpass.`,
    );
  }
  const source = database.file;
  if (!existsSync(source)) {
    throw new CommandFailure(`There is no store at ${source}. Check DATA_DIR and DATABASE_URL.`);
  }
  const target = checkedTarget(file, source, force ?? false);
  // Not before: what it loads is large.
  const { backupSqlite } = await import('../../store/sqlite/backup.js');
  const { signal, release } = onInterrupt();
  let progress: ReturnType<typeof startProgress> | undefined;
  let shown = 0;
  const onProgress = (done: number, total: number): void => {
    progress ??= startProgress(total);
    progress.advance(done - shown);
    shown = done;
  };
  try {
    const { bytes, lastSeq } = await backupSqlite(source, target, { onProgress, signal });
    progress?.stop();
    if (json) console.log(jsonLine({ file: target, source, bytes, lastSeq }));
    else
      console.log(
        `Copied ${source} to ${printable(target)}: ${bytes} bytes, events up to ${lastSeq}, checked.`,
      );
  } catch (error) {
    progress?.stop();
    const { code = 'error', message } = error as NodeJS.ErrnoException;
    const reason = signal.aborted ? 'it was interrupted' : `${code}: ${message}`;
    throw new CommandFailure(
      `${source} could not be copied to ${printable(target)} (${reason}). Nothing was written under that name.`,
    );
  } finally {
    release();
  }
}

/** Where the copy goes, if that harms nothing. */
function checkedTarget(file: string, source: string, force: boolean): string {
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) throw new UsageError(`There is no folder ${printable(folder)}.`);
  const target = join(realpathSync(folder), basename(resolve(file)));
  const store = realpathSync(source);
  const own = [store, `${store}-wal`, `${store}-shm`];
  if (own.includes(existsSync(target) ? realpathSync(target) : target)) {
    throw new UsageError(`${printable(file)} is the store itself. Name another file.`);
  }
  if (!force && existsSync(target)) {
    throw new UsageError(
      `${printable(file)} is there already. Name another file, or add --force to replace it.`,
    );
  }
  return target;
}
