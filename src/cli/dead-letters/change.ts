import type { ApiClient } from '../api-client/api-client.js';
import type { Batch } from '../api-client/shapes.js';
import { demandSelection, type BulkOptions } from '../bulk/options.js';
import { runBatches } from '../bulk/run-batches.js';
import { EXIT } from '../failure.js';
import { confirm, declined } from '../terminal/confirm.js';
import { count } from '../terminal/delivery-text.js';
import { jsonLine } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { GROUP_COLUMNS, Groups } from './groups.js';
import { deadLetters, selectionBody, type SelectionOptions } from './selection.js';

/** What is done to dead letters, and how it is told. */
export interface Change {
  /** Of the API. */
  readonly action: 'retry' | 'discard';
  readonly question: (letters: string) => string;
  readonly done: (letters: string) => string;
}

/**
 * Counts the dead letters that are picked, asks, and changes them batch by batch.
 *
 * @returns the exit code.
 */
export async function changeDeadLetters(
  client: ApiClient,
  options: SelectionOptions & BulkOptions & { readonly all?: true; readonly json?: true },
  { action, question, done }: Change,
): Promise<number> {
  const filter = selectionBody(options);
  demandSelection(
    Object.keys(filter).length > 0,
    options.all,
    'which dead letters: an option that picks some',
  );
  const { dryRun = false, yes = false, json = false } = options;
  const groups = new Groups();
  for await (const items of deadLetters(client, options)) groups.add(items);
  if (!json) for (const line of table(groups.list, GROUP_COLUMNS)) console.error(line);
  if (dryRun || groups.total === 0) {
    const nothing = { count: groups.total, whole: true, dryRun };
    const told =
      groups.total === 0
        ? 'No dead letter matches.'
        : `${count(groups.total, 'dead letter')} would be picked.`;
    console.log(json ? jsonLine(nothing) : told);
    return EXIT.ok;
  }
  if (!(await confirm(question(count(groups.total, 'dead letter')), yes))) return declined();
  const step = (cursor: string | undefined): Promise<Batch> =>
    client.post(`/deliveries/${action}`, { filter, ...(cursor === undefined ? {} : { cursor }) });
  const result = await runBatches(groups.total, step);
  const { whole } = result;
  if (json) console.log(jsonLine({ count: result.count, whole, dryRun: false }));
  else {
    const told = done(count(result.count, 'dead letter'));
    console.log(whole ? told : `Interrupted: ${told} The others are as they were.`);
  }
  return whole ? EXIT.ok : EXIT.failed;
}
