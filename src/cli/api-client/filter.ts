import { InvalidArgumentError, type Command } from 'commander';

import type { Query } from './api-client.js';

/** Picks events; every field that is given must match. */
export interface FilterOptions {
  readonly interaction?: string;
  readonly type?: readonly string[];
  readonly mediaType?: readonly string[];
  readonly subtype?: readonly string[];
  readonly channel?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Adds the options that pick events. */
export function addFilterOptions(
  command: Command,
  heading = 'Which events (all that are given must match):',
): Command {
  return command
    .optionsGroup(heading)
    .option('--interaction <id>', 'of one interaction')
    .option('--type <list>', 'STARTED, FINISHED; lists are separated by commas', list)
    .option('--media-type <list>', 'such as chat,email', list)
    .option('--subtype <list>', 'such as InboundNew,WhatsApp', list)
    .option('--channel <list>', 'such as default,emea-chat', list)
    .option('--from <time>', 'received at this time or later: 2026-06-13T22:00:00Z, or 90m, 2h, 7d ago', time)
    .option('--to <time>', 'received before this time', time);
}

/** The filter in the words of the API, for the body of a request. */
export function filterBody({ subtype, ...rest }: FilterOptions): Query {
  const { interaction, type, mediaType, channel, from, to } = rest;
  const filter: Query = { interaction, type, mediaType, interactionSubtype: subtype, channel, from, to };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** A list, separated by commas. */
export function list(text: string): string[] {
  const values = text.split(',').map((value) => value.trim());
  if (values.includes(''))
    throw new InvalidArgumentError('It must be one value, or several separated by commas.');
  return values;
}

/** Whole numbers, separated by commas. */
export function numbers(text: string): number[] {
  return list(text).map((value) => {
    if (!/^\d{1,15}$/.test(value))
      throw new InvalidArgumentError('It must be whole numbers, separated by commas.');
    return Number(value);
  });
}

/** A whole number from 1 on. */
export function positive(text: string): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return Number(text);
}

/** A position of the log; 0 is before all events. */
export function position(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A time as it is given, or so long ago. */
function time(text: string): string {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(Date.now() - Number(count) * (UNITS[unit] ?? NaN)).toISOString();
  const millis = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(millis)) {
    throw new InvalidArgumentError(
      'It must be a time such as 2026-06-13T22:00:00Z, or how long ago: 90m, 2h, 7d.',
    );
  }
  return new Date(millis).toISOString();
}
