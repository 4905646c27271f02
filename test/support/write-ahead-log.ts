import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * How many commits a SQLite write-ahead log holds: a commit's last frame, and no other, says how large the
 * database is.
 *
 * @see https://sqlite.org/fileformat2.html#walformat
 */
export function countCommits(databaseFile: string): number {
  const wal = readFileSync(`${databaseFile}-wal`);
  if (wal.length < HEADER_BYTES) return 0;
  const pageBytes = wal.readUInt32BE(8);
  const salts = wal.subarray(16, 24);
  let commits = 0;
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES <= wal.length; at += FRAME_HEADER_BYTES + pageBytes) {
    // Frames with other salts are left from before the log was last begun anew.
    const isCurrent = wal.subarray(at + 8, at + 16).equals(salts);
    if (isCurrent && wal.readUInt32BE(at + 4) > 0) commits++;
  }
  return commits;
}
