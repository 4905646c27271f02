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

/** A day, or a time with or without its zone. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|z|[+-]\d\d:\d\d)?)?$/;

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
    .option(
      '--from <time>',
      'received at this time or later: 2026-06-13T22:00:00Z (UTC where no zone is given), or 90m, 2h, 7d ago',
      time,
    )
    .option('--to <time>', 'received before this time; UTC where no zone is given', time);
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

/**
 * A time as it is given, or so long ago. Without a zone it is UTC, as all times are that are printed: the same line
 * means the same on every machine.
 */
export function time(text: string): string {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) {
    const since = Date.now() - Number(count) * (UNITS[unit] ?? NaN);
    return new Date(Math.max(0, since)).toISOString();
  }
  const [, day = '', clock, zone = 'Z'] = TIME.exec(text) ?? [];
  const millis = Date.parse(clock === undefined ? day : `${day}T${clock}${zone.toUpperCase()}`);
  if (Number.isNaN(millis)) {
    throw new InvalidArgumentError(
      'It must be a time such as 2026-06-13T22:00:00Z, or how long ago: 90m, 2h, 7d.',
    );
  }
  // A day that is not, such as 30 February, would be one of the next month.
  if (new Date(day).toISOString().slice(0, day.length) !== day)
    throw new InvalidArgumentError(`There is no ${day}.`);
  return new Date(millis).toISOString();
}
