import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';

import type { ApiClient, Query } from '../api-client/api-client.js';
import { CommandFailure, EXIT, UsageError } from '../failure.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { escapeJson, printableLines } from '../terminal/printable.js';

/** What events are exported as. */
export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * Writes all events that match to a file or to the standard output, as they come. A file is there under its
 * name once it is whole: half an export is not taken for one.
 *
 * @throws UsageError when the file is there already; CommandFailure when it did not come whole.
 */
export async function exportEvents(
  client: ApiClient,
  format: ExportFormat,
  query: Query,
  file: string | undefined,
): Promise<void> {
  if (file !== undefined && existsSync(file))
    throw new UsageError(`${file} is there already; nothing is overwritten.`);
  const { signal, release } = onInterrupt();
  try {
    const source = await client.open(`/events.${format}`, { query, signal });
    if (file === undefined) await toStdout(source, format, signal);
    else await toFile(source, file, signal);
  } catch (error) {
    if (signal.aborted) throw new CommandFailure('Interrupted: the export is not whole.');
    if (error instanceof CommandFailure || error instanceof UsageError) throw error;
    throw new CommandFailure(`The export is not whole: ${(error as Error).message}.`, exitCodeOf(error));
  } finally {
    release();
  }
}

async function toFile(source: Readable, file: string, signal: AbortSignal): Promise<void> {
  const part = `${file}.part`;
  try {
    // Events are for whoever exports them alone.
    await pipeline(source, createWriteStream(part, { mode: 0o600 }), { signal });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function toStdout(source: Readable, format: ExportFormat, signal: AbortSignal): Promise<void> {
  // What goes to a program goes byte for byte.
  const steps = process.stdout.isTTY ? [harmless(format)] : [];
  await pipeline([source, ...steps, process.stdout], { signal, end: false });
}

/** Text that a terminal can be shown. */
function harmless(format: ExportFormat): Transform {
  const decoder = new StringDecoder();
  const clean = format === 'csv' ? printableLines : escapeJson;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, clean(decoder.write(chunk))),
  });
}

/** A connection that broke is the service's, a file that cannot be written is ours. */
function exitCodeOf(error: unknown): number {
  return (error as NodeJS.ErrnoException).syscall === undefined ? EXIT.unavailable : EXIT.failed;
}
