import type { Command } from 'commander';

import type { ApiClient } from '../api-client/api-client.js';
import { addFilterOptions, filterBody, numbers, type FilterOptions } from '../api-client/filter.js';
import type { DeliveryItem } from '../api-client/shapes.js';

/** Picks dead letters. */
export interface SelectionOptions extends FilterOptions {
  readonly listener?: string;
  readonly error?: string;
  readonly seq?: readonly number[];
}

/** Adds the options that pick dead letters. */
export function addSelectionOptions(command: Command): Command {
  return addFilterOptions(command, 'Which dead letters (all that are given must match):')
    .option('--listener <name>', 'of one listener')
    .option('--error <text>', 'with this first line of the error, as "dead --groups" shows it')
    .option('--seq <list>', 'of events at these positions, such as 4711,4712', numbers);
}

/** What {@link addSelectionOptions} was given, for the body of a request. */
export function selectionBody({
  listener,
  error,
  seq,
  ...filter
}: SelectionOptions): Record<string, unknown> {
  const fields = { listener, error, seqs: seq, ...filterBody(filter) };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Dead letters that are picked, newest first, page by page. */
export async function* deadLetters(
  client: ApiClient,
  { listener, error, seq, ...filter }: SelectionOptions,
  most = Infinity,
): AsyncGenerator<readonly DeliveryItem[]> {
  const seqs = seq && new Set(seq);
  const query = { state: 'dead', listener, error, ...filterBody(filter) };
  let left = most;
  for await (const items of client.pages<DeliveryItem>('/deliveries', query, Infinity)) {
    // What the list cannot be asked for.
    const picked = seqs === undefined ? items : items.filter((item) => seqs.has(item.seq));
    yield picked.slice(0, left);
    left -= picked.length;
    if (left <= 0) return;
  }
}
