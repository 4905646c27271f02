import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  /** `num`: figures, to the right. `wide`: takes the room that is left. `id`, `name`: kept in one piece. */
  readonly kind?: 'num' | 'wide' | 'id' | 'name' | 'select';
}

interface Props<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string | number;
}

/** A table; on a narrow screen each row is a card. The roles are said, since a card loses those of a table. */
export function Table<T>({ label, columns, rows, keyOf }: Props<T>) {
  return (
    <table role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, kind }) => (
            <th key={head} role="columnheader" scope="col" class={kind}>
              {kind === 'select' ? <span class="hidden">{head}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ head, cell, kind }) => (
              <td key={head} role="cell" class={kind} data-label={head}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
