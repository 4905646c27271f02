import type { EventSummary, StoredEvent } from '../api-client/shapes.js';
import { printable } from './printable.js';
import { paint } from './style.js';
import type { Column } from './table.js';

/** What stands for what the vendor left out. */
const NONE = '-';

/** A text of the vendor's for a cell; a dash where there is none. */
export function cell(text: string | null): string {
  return text === null || text === '' ? NONE : printable(text);
}

/** The type of an event, coloured; a late one is marked. */
export function typeCell({ type, late }: StoredEvent): string {
  const text = cell(type);
  const painted =
    type === 'STARTED' ? paint('green', text) : type === 'FINISHED' ? paint('cyan', text) : text;
  return late ? `${painted} ${paint('yellow', 'late')}` : painted;
}

/** Columns of a list of events. */
export const EVENT_COLUMNS: readonly Column<StoredEvent>[] = [
  { heading: 'SEQ', of: ({ seq }) => String(seq), align: 'right' },
  { heading: 'RECEIVED', of: ({ receivedAt }) => receivedAt },
  { heading: 'TYPE', of: typeCell },
  { heading: 'MEDIA', of: ({ mediaType }) => cell(mediaType) },
  { heading: 'SUBTYPE', of: ({ interactionSubtype }) => cell(interactionSubtype) },
  { heading: 'CHANNEL', of: ({ channel }) => cell(channel) },
  { heading: 'INTERACTION', of: ({ interactionId }) => cell(interactionId) },
];

/** What became of an event's deliveries, such as `2 done, 1 dead`. */
export function deliveriesCell({ deliveries }: EventSummary): string {
  const { open, done, dead, discarded } = deliveries;
  const parts = [
    open > 0 ? paint('yellow', `${open} open`) : '',
    dead > 0 ? paint('red', `${dead} dead`) : '',
    done > 0 ? `${done} done` : '',
    discarded > 0 ? `${discarded} discarded` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? NONE : parts.join(', ');
}
