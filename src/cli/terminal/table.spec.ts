import { expect, it } from '@jest/globals';

import { table, type Column } from './table.js';

const COLUMNS: readonly Column<readonly [string, number]>[] = [
  { heading: 'NAME', of: ([name]) => name },
  { heading: 'N', of: ([, number]) => String(number), align: 'right' },
];

it('a table is as wide as what is in it: colours have no width, and some characters have two', () => {
  expect(
    table(
      [
        ['a', 1],
        ['\u001b[31mred\u001b[39m', 22],
        ['客服', 333],
        ['👩‍💻é', 4],
      ],
      COLUMNS,
    ),
  ).toEqual(['NAME    N', 'a       1', '\u001b[31mred\u001b[39m    22', '客服  333', '👩‍💻é     4']);
  expect(table([], COLUMNS)).toEqual([]);
});
