import type { LiveAttempt, StoredEvent } from '../api-client/shapes.js';
import { attemptText } from '../terminal/delivery-text.js';
import { cell, typeCell } from '../terminal/event-columns.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';
import { pad } from '../terminal/table.js';

/** Widths that common values fit in: what is to come cannot be measured. */
const WIDTH = { seq: 7, type: 13, media: 6, subtype: 14, channel: 10 };

/** How what happens is told. */
export interface Lines {
  event(event: StoredEvent): string;
  attempt(attempt: LiveAttempt, at: Date): string;
}

/** For people: columns, with colours on a terminal. */
export const TEXT_LINES: Lines = {
  event: (event) =>
    [
      event.receivedAt,
      pad(`#${event.seq}`, WIDTH.seq, 'right'),
      pad(typeCell(event), WIDTH.type),
      pad(cell(event.mediaType), WIDTH.media),
      pad(cell(event.interactionSubtype), WIDTH.subtype),
      pad(cell(event.channel), WIDTH.channel),
      cell(event.interactionId),
    ].join('  '),
  attempt: (attempt, at) =>
    [
      at.toISOString(),
      pad(`#${attempt.seq}`, WIDTH.seq, 'right'),
      paint('dim', printable(attempt.listener)),
      attemptText(attempt),
    ].join('  '),
};

/** For programs: one JSON document a line, as the API has it, and what kind it is. */
export const JSON_LINES: Lines = {
  event: (event) => jsonLine(Object.assign({ kind: 'event' }, event)),
  attempt: (attempt, at) => jsonLine(Object.assign({ kind: 'attempt', at: at.toISOString() }, attempt)),
};
