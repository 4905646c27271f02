import { createInterface } from 'node:readline/promises';

import { EXIT, UsageError } from '../failure.js';

/**
 * Asks on a terminal whether to go on. A script cannot be asked: it has to say so beforehand.
 *
 * @param yes whether that was said.
 * @throws UsageError where nobody can be asked.
 */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new UsageError(`${question} Nobody can be asked here: add --yes, or --dry-run to see how many.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const controller = new AbortController();
  // Ctrl-C, and the end of the input, are a no.
  terminal.once('SIGINT', () => controller.abort());
  terminal.once('close', () => controller.abort());
  try {
    return /^y(es)?$/i.test(
      (await terminal.question(`${question} [y/N] `, { signal: controller.signal })).trim(),
    );
  } catch {
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}

/** Says that nothing was done, for the exit code. */
export function declined(): number {
  console.error('Nothing was done.');
  return EXIT.failed;
}
