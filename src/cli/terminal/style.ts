import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/**
 * Colours for a stream: on a terminal alone, and never where NO_COLOR is set (https://no-color.org). FORCE_COLOR
 * sets them in any case.
 *
 * @example
 * paint('red', 'failed');
 */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}
