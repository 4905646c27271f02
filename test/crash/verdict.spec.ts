import { describe, expect, it } from '@jest/globals';

import { line, parse, type Entry, type Step } from './journal.js';
import { judge, type Verdict } from './verdict.js';

const BOTH = ['one/STARTED', 'one/FINISHED'];
const CLEAN: Verdict = { lost: [], outOfOrder: [], unexpected: [], duplicates: 0, cutOff: 0 };

const entry = (step: Step, type: string): Entry => ({
  step,
  interaction: 'one',
  type,
  seq: 1,
  delivery: 'journal:1',
});
const handled = (type: string): Entry[] => [entry('begin', type), entry('done', type)];

interface Run {
  attempted?: string[];
  acknowledged?: string[];
  stored?: string[];
  open?: string[];
  journal?: Entry[];
}
/** A run in which all went well, but for what is given. */
function verdict({
  attempted = BOTH,
  acknowledged = BOTH,
  stored = BOTH,
  open = [],
  journal = [...handled('STARTED'), ...handled('FINISHED')],
}: Run): Verdict {
  const sent = { attempted: new Set(attempted), acknowledged: new Set(acknowledged) };
  return judge(sent, stored, open, journal);
}

describe('the verdict of the crash test', () => {
  it.each<[string, Run, Partial<Verdict>]>([
    ['nothing when all was handled in order', {}, {}],
    [
      'nothing when what was not acknowledged is not there',
      { acknowledged: ['one/STARTED'], stored: ['one/STARTED'], journal: handled('STARTED') },
      {},
    ],
    [
      'nothing when a failed attempt was repeated',
      {
        journal: [
          entry('begin', 'STARTED'),
          entry('fail', 'STARTED'),
          ...handled('STARTED'),
          ...handled('FINISHED'),
        ],
      },
      {},
    ],
    [
      'a duplicate, which is allowed',
      { journal: [...handled('STARTED'), ...handled('STARTED'), ...handled('FINISHED')] },
      { duplicates: 1 },
    ],
    [
      'an attempt that was cut off, which is allowed',
      { journal: [entry('begin', 'STARTED'), ...handled('STARTED'), ...handled('FINISHED')] },
      { cutOff: 1 },
    ],
    [
      'what was acknowledged and is not stored',
      { stored: ['one/STARTED'] },
      { lost: ['one/FINISHED was acknowledged and is not stored'] },
    ],
    [
      'what was acknowledged and never handled',
      { journal: handled('STARTED') },
      { lost: ['one/FINISHED was acknowledged and never handled'] },
    ],
    [
      'what was acknowledged and only ever failed',
      { journal: [...handled('STARTED'), entry('begin', 'FINISHED'), entry('fail', 'FINISHED')] },
      { lost: ['one/FINISHED was acknowledged and never handled'] },
    ],
    [
      'a delivery that is not done',
      { open: ['one/FINISHED'] },
      { lost: ['one/FINISHED is stored and its delivery is not done'] },
    ],
    [
      'FINISHED that began before STARTED was done',
      {
        journal: [
          entry('begin', 'STARTED'),
          entry('begin', 'FINISHED'),
          entry('done', 'STARTED'),
          entry('done', 'FINISHED'),
        ],
      },
      { outOfOrder: ['one/FINISHED (seq 1) was handled before STARTED was done'] },
    ],
    [
      'what was handled and never sent',
      { attempted: ['one/STARTED'], acknowledged: ['one/STARTED'], stored: ['one/STARTED'] },
      {
        unexpected: Array<string>(2).fill('one/FINISHED (seq 1) was handled and never sent'),
      },
    ],
    [
      'what is stored and was never sent',
      { stored: [...BOTH, 'two/STARTED'] },
      { unexpected: ['two/STARTED is stored and was never sent'] },
    ],
    [
      'what is stored twice',
      { stored: [...BOTH, 'one/STARTED'] },
      { unexpected: ['one/STARTED is stored more than once'] },
    ],
  ])('names %s', (_, run, expected) => {
    expect(verdict(run)).toEqual({ ...CLEAN, ...expected });
  });

  it('is drawn from the journal as it was written, and from nothing else', () => {
    const entries = [entry('begin', 'STARTED'), entry('done', 'FINISHED')];
    expect(parse(entries.map(line).join(''))).toEqual(entries);
    expect(() => parse('begin one STAR')).toThrow('No line of a journal: begin one STAR');
  });
});
