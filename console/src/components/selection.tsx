import { useState } from 'preact/hooks';

import type { Column } from './table.js';

type Key = string | number;

/** Rows that are chosen, among those that are there. */
export interface Selection<T> {
  readonly chosen: readonly T[];
  readonly size: number;
  readonly all: boolean;
  readonly has: (row: T) => boolean;
  readonly toggle: (row: T) => void;
  readonly toggleAll: () => void;
  readonly clear: () => void;
}

export function useSelection<T>(rows: readonly T[], keyOf: (row: T) => Key): Selection<T> {
  const [keys, setKeys] = useState<ReadonlySet<Key>>(new Set());
  const chosen = rows.filter((row) => keys.has(keyOf(row)));
  const all = rows.length > 0 && chosen.length === rows.length;
  return {
    chosen,
    size: chosen.length,
    all,
    has: (row) => keys.has(keyOf(row)),
    toggle: (row) => {
      const next = new Set(keys);
      if (!next.delete(keyOf(row))) next.add(keyOf(row));
      setKeys(next);
    },
    toggleAll: () => setKeys(all ? new Set() : new Set(rows.map(keyOf))),
    clear: () => setKeys(new Set()),
  };
}

/** The column with a box for each row. */
export function selectColumn<T>(selection: Selection<T>, nameOf: (row: T) => Key): Column<T> {
  return {
    head: 'Select',
    kind: 'select',
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={`Select ${nameOf(row)}`}
        checked={selection.has(row)}
        onChange={() => selection.toggle(row)}
      />
    ),
  };
}

/** A box for all rows that are shown. */
export function SelectAll<T>({ selection }: { selection: Selection<T> }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={selection.all}
        indeterminate={selection.size > 0 && !selection.all}
        onChange={selection.toggleAll}
      />
      Select shown
    </label>
  );
}
