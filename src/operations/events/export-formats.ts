import type { EventSummaryDto } from './events.dto.js';

const END_OF_LINE = '\r\n';
/** What a spreadsheet takes for the beginning of a formula (owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
/** What needs quotes (RFC 4180). */
const SPECIAL = /[",\r\n]/;

/** An event as a line of NDJSON. */
export function toNdjson(event: EventSummaryDto): string {
  return `${JSON.stringify(event)}\n`;
}

/** The names of the columns of {@link toCsv}. */
export const CSV_HEAD = `seq,type,interactionId,mediaType,interactionSubtype,channel,operationId,selfUri,late,traceId,receivedAt,open,done,dead,discarded${END_OF_LINE}`;

/**
 * An event as a line of CSV. By hand: a library takes four times as long, on the thread that receives webhooks.
 */
export function toCsv(event: EventSummaryDto): string {
  const { open, done, dead, discarded } = event.deliveries;
  const cells = [
    event.seq,
    text(event.type),
    text(event.interactionId),
    text(event.mediaType),
    text(event.interactionSubtype),
    text(event.channel),
    text(event.operationId),
    text(event.selfUri),
    event.late,
    text(event.traceId),
    event.receivedAt,
    open,
    done,
    dead,
    discarded,
  ];
  return `${cells.join(',')}${END_OF_LINE}`;
}

/** A text of a sender as a cell that is a text to spreadsheets, too. */
function text(value: string | null): string {
  if (value === null) return '';
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
