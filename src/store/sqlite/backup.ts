import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import Database from 'better-sqlite3';

/** Pages between two reports, and two chances to stop. */
const PAGES = 1_000;

/** A copy that was made. */
export interface Backup {
  readonly bytes: number;
  /** The last event in it; 0 where there is none. */
  readonly lastSeq: number;
}

export interface BackupOptions {
  /** Told how many pages are to be copied, and how many have been. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a store while others write to it: as it is at one moment, checked, and on disk when this resolves. Until
 * then nothing has the name of the target.
 *
 * @throws whatever SQLite or the file system has against it; what was written is removed.
 */
export async function backupSqlite(
  source: string,
  target: string,
  { onProgress, signal }: BackupOptions = {},
): Promise<Backup> {
  const part = `${target}.${process.pid}.part`;
  // Made before SQLite does: bodies of webhooks are for their owner alone.
  closeSync(openSync(part, 'wx', 0o600));
  try {
    await copyPages(source, part, onProgress, signal);
    const backup = check(part);
    sync(part);
    renameSync(part, target);
    sync(dirname(target));
    return backup;
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true });
  }
}

async function copyPages(
  source: string,
  part: string,
  onProgress: BackupOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const sqlite = new Database(source, { readonly: true, fileMustExist: true });
  try {
    // One view of the file to the end. Without it, each commit of another process would begin the copy anew.
    sqlite.exec('BEGIN');
    sqlite.prepare('select count(*) from sqlite_schema').get();
    await sqlite.backup(part, {
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted();
        onProgress?.(totalPages - remainingPages, totalPages);
        return PAGES;
      },
    });
  } finally {
    sqlite.close();
  }
}

function check(file: string): Backup {
  const sqlite = new Database(file);
  try {
    // One file, with nothing beside it.
    sqlite.pragma('journal_mode = DELETE');
    const found = sqlite.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new Error(`the copy is not whole: ${String(found)}`);
    const size = sqlite.prepare('select page_count * page_size from pragma_page_count, pragma_page_size');
    const last = sqlite.prepare('select coalesce(max(seq), 0) from events');
    return { bytes: size.pluck().get() as number, lastSeq: last.pluck().get() as number };
  } finally {
    sqlite.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
