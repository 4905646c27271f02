import type { ApiClient, Query } from '../api-client/api-client.js';
import type { QuarantineBatch, QuarantineItem } from '../api-client/shapes.js';
import { demandSelection, type BulkOptions } from '../bulk/options.js';
import { runBatches } from '../bulk/run-batches.js';
import { EXIT } from '../failure.js';
import { confirm, declined } from '../terminal/confirm.js';
import { count } from '../terminal/delivery-text.js';
import { jsonLine, printable } from '../terminal/printable.js';

/** Picks held payloads. */
export interface PayloadSelection {
  readonly channel?: string;
  readonly error?: string;
  readonly all?: true;
}

/** What is done to held payloads, and how it is told. */
export interface PayloadChange {
  /** Of the API. */
  readonly action: 'reprocess' | 'discard';
  readonly question: (payloads: string) => string;
  readonly done: (payloads: string) => string;
}

/**
 * Counts the held payloads that are picked, asks, and changes them batch by batch.
 *
 * @returns the exit code: a payload that is still not valid is a failure.
 */
export async function changePayloads(
  client: ApiClient,
  ids: readonly number[],
  options: PayloadSelection & BulkOptions & { readonly json?: true },
  { action, question, done }: PayloadChange,
): Promise<number> {
  const { channel, error, dryRun = false, yes = false, json = false } = options;
  const filter = {
    ...(ids.length > 0 && { ids }),
    ...(channel !== undefined && { channel }),
    ...(error !== undefined && { error }),
  };
  demandSelection(
    Object.keys(filter).length > 0,
    options.all,
    'which payloads: their ids, --channel, --error',
  );
  let total = 0;
  for await (const items of heldPayloads(client, ids, options)) total += items.length;
  const payloads = count(total, 'payload');
  if (dryRun || total === 0) {
    if (json) console.log(jsonLine({ count: total, failed: [], whole: true, dryRun }));
    else console.log(total === 0 ? 'No held payload matches.' : `${payloads} would be picked.`);
    return EXIT.ok;
  }
  if (!(await confirm(question(payloads), yes))) return declined();
  const result = await runBatches(total, (cursor) =>
    client.post<QuarantineBatch>(`/quarantine/${action}`, {
      filter,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
  const failed = result.batches.flatMap((batch) => batch.failed);
  if (json) console.log(jsonLine({ count: result.count, failed, whole: result.whole, dryRun: false }));
  else {
    const told = done(count(result.count, 'payload'));
    console.log(result.whole ? told : `Interrupted: ${told} The others are as they were.`);
    if (failed.length > 0)
      console.log(`${count(failed.length, 'payload is', 'payloads are')} still not valid, and held:`);
    for (const { id, errors } of failed) console.log(`  ${id}: ${errors.map(printable).join('; ')}`);
  }
  return result.whole && failed.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Held payloads that are picked, newest first, page by page. */
async function* heldPayloads(
  client: ApiClient,
  ids: readonly number[],
  { channel, error }: PayloadSelection,
): AsyncGenerator<readonly QuarantineItem[]> {
  const query: Query = { state: 'held', channel, error };
  for await (const items of client.pages<QuarantineItem>('/quarantine', query, Infinity)) {
    // What the list cannot be asked for.
    yield ids.length === 0 ? items : items.filter(({ id }) => ids.includes(id));
  }
}
