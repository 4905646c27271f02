import type { DeliveryGroup, DeliveryItem } from '../api-client/shapes.js';
import { firstLine } from '../terminal/delivery-text.js';
import { printable } from '../terminal/printable.js';
import type { Column } from '../terminal/table.js';

/** Columns of a list of groups. */
export const GROUP_COLUMNS: readonly Column<DeliveryGroup>[] = [
  { heading: 'COUNT', of: ({ count }) => String(count), align: 'right' },
  { heading: 'LISTENER', of: ({ listener }) => printable(listener) },
  { heading: 'FIRST SEQ', of: ({ firstSeq }) => String(firstSeq), align: 'right' },
  { heading: 'LAST SEQ', of: ({ lastSeq }) => String(lastSeq), align: 'right' },
  { heading: 'ERROR', of: ({ error }) => firstLine(error) },
];

/** Counts dead letters by listener and the first line of their error, as the API's own groups are. */
export class Groups {
  private readonly groups = new Map<string, DeliveryGroup>();
  total = 0;

  add(items: readonly DeliveryItem[]): void {
    this.total += items.length;
    for (const { listener, seq, error: whole } of items) {
      const error = (whole ?? '').split('\n', 1)[0] ?? '';
      const key = JSON.stringify([listener, error]);
      const { count, firstSeq, lastSeq } = this.groups.get(key) ?? { count: 0, firstSeq: seq, lastSeq: seq };
      this.groups.set(key, {
        listener,
        error,
        count: count + 1,
        firstSeq: Math.min(firstSeq, seq),
        lastSeq: Math.max(lastSeq, seq),
      });
    }
  }

  /** The largest first. */
  get list(): DeliveryGroup[] {
    return [...this.groups.values()].toSorted((a, b) => b.count - a.count);
  }
}
