/** Control characters, C0 and C1, that a terminal could obey: U+009B begins an escape sequence as ESC [ does. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
/** Marks that turn the direction of reading, with which a text can look like another. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What JSON.stringify leaves as it is, and a terminal might not. */
const UNESCAPED = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A text of somebody else's for one line of a terminal: nothing in it moves the cursor, ends the line or turns
 * the direction of reading.
 *
 * @example
 * printable('a\u001b[2Jb'); // 'a?[2Jb'
 */
export function printable(text: string): string {
  return text.replace(CONTROL, '?').replace(DIRECTION, '?');
}

/** The same for a text of several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\t').map(printable).join('\t'))
    .join('\n');
}

/**
 * JSON in one line that a terminal can be shown as well: the same value, with control characters escaped that
 * JSON itself need not escape.
 */
export function jsonLine(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** Escapes in JSON text what {@link jsonLine} escapes; the value stays the same. */
export function escapeJson(json: string): string {
  return json.replace(UNESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
