import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { codeOf, fault, ok, warning, type Check } from './check.js';

const MIB = 1024 * 1024;
/** Free space below which the next hour may be the last, and below which somebody should know. */
const LEAST_BYTES = 200 * MIB;
const LOW_BYTES = 1024 * MIB;
const LEAST_FILES = 100;

/** Whether the data folder can be written, by whom it can be read, and how much fits. */
export function checkDataFolder(folder: string): Check[] {
  if (!existsSync(folder)) return [missing(folder), ...checkDisk(nearest(folder))];
  if (!statSync(folder).isDirectory()) {
    return [fault('data folder', `${folder} is not a folder.`, 'Name another in DATA_DIR, or remove it.')];
  }
  return [writable(folder), ...openToOthers(folder), ...checkDisk(folder)];
}

function missing(folder: string): Check {
  const above = nearest(folder);
  const tried = tryWrite(above);
  if (tried === undefined) return ok('data folder', `${folder} is not there yet; the start makes it.`);
  return fault(
    'data folder',
    `${folder} is not there, and cannot be made: ${above} cannot be written (${tried}).`,
    'Make it, and give it to the user that the service runs as; or name another in DATA_DIR.',
  );
}

function writable(folder: string): Check {
  const tried = tryWrite(folder);
  if (tried === undefined) return ok('data folder', `${folder} can be written.`);
  return fault(
    'data folder',
    `${folder} cannot be written (${tried}).`,
    tried === 'ENOSPC' || tried === 'EDQUOT'
      ? 'The disk is full: make room.'
      : 'Give it to the user that the service runs as; run doctor as this user, too.',
  );
}

/** Writes for real: permissions, quotas and read-only mounts are found by nothing else. */
function tryWrite(folder: string): string | undefined {
  let made: string | undefined;
  try {
    made = mkdtempSync(join(folder, '.doctor-'));
    const file = openSync(join(made, 'probe'), 'w');
    try {
      writeSync(file, Buffer.alloc(4096));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

function openToOthers(folder: string): Check[] {
  if (process.platform === 'win32') return [];
  const { mode, uid } = statSync(folder);
  const found: Check[] = [];
  const shown = (mode & 0o777).toString(8);
  if ((mode & 0o002) !== 0) {
    found.push(
      fault('permissions', `${folder} can be written by everybody (mode ${shown}).`, `chmod 700 ${folder}`),
    );
  } else if ((mode & 0o077) !== 0) {
    found.push(
      warning('permissions', `${folder} can be read by others (mode ${shown}).`, `chmod 700 ${folder}`),
    );
  }
  const user = process.getuid?.();
  if (user !== undefined && user !== uid) {
    const told = `${folder} is the user ${uid}'s, and doctor runs as ${user}: what it can do says nothing about the service.`;
    found.push(warning('permissions', told, 'Run doctor as the user that the service runs as.'));
  }
  return found;
}

function checkDisk(folder: string): Check[] {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(folder);
  const free = bavail * bsize;
  const told = `${size(free)} of ${size(blocks * bsize)} are free where the data is.`;
  const todo = 'Make room: when the disk is full, webhooks are answered 503.';
  // File systems that make inodes as they need them say that they have none.
  if (files > 0 && ffree < LEAST_FILES) {
    return [fault('disk', `Only ${ffree} more files fit on the disk of the data.`, todo)];
  }
  if (free < LEAST_BYTES) return [fault('disk', told, todo)];
  return [free < LOW_BYTES ? warning('disk', told, todo) : ok('disk', told)];
}

function size(bytes: number): string {
  return bytes < 10 * 1024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / 1024 / MIB)} GiB`;
}

/** The folder itself, or the first one above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}
