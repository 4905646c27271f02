import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Agenda } from './agenda.js';

function* rest<T>(agenda: Agenda<T>): Generator<{ atMs: number; value: T }> {
  for (let next = agenda.next(); next !== undefined; next = agenda.next()) yield next;
}

describe('an agenda', () => {
  it('gives back everything by its time, and what has the same time in the order it came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const agenda = new Agenda<number>();
        times.forEach((atMs, i) => agenda.add(atMs, i));
        const expected = times.map((atMs, value) => ({ atMs, value })).sort((a, b) => a.atMs - b.atMs);
        expect([...rest(agenda)].map(({ atMs, value }) => ({ atMs, value }))).toEqual(expected);
      }),
    );
  });

  it('takes more while it is emptied', () => {
    const agenda = new Agenda<string>();
    agenda.add(1, 'first');
    agenda.add(3, 'third');
    expect(agenda.next()?.value).toBe('first');
    agenda.add(2, 'second');
    expect([...rest(agenda)].map(({ value }) => value)).toEqual(['second', 'third']);
    expect(agenda.next()).toBeUndefined();
  });
});
