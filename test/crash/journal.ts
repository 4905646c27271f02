/** What a handler did: it began, and then failed or was done, unless the process was killed in between. */
export type Step = 'begin' | 'fail' | 'done';

/** One line of the journal. */
export interface Entry {
  readonly step: Step;
  readonly interaction: string;
  readonly type: string;
  readonly seq: number;
  readonly delivery: string;
}

/** An entry as the journal has it. */
export function line({ step, interaction, type, seq, delivery }: Entry): string {
  return `${step} ${interaction} ${type} ${seq} ${delivery}\n`;
}

/**
 * The entries of a journal, in the order in which they were written.
 *
 * @throws Error on a line that is none: nothing could be concluded from such a journal.
 */
export function parse(journal: string): Entry[] {
  return journal
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const match = /^(begin|fail|done) (\S+) (\S+) (\d+) (\S+)$/.exec(text);
      if (match === null) throw new Error(`No line of a journal: ${text}`);
      const [, step, interaction = '', type = '', seq, delivery = ''] = match;
      return { step: step as Step, interaction, type, seq: Number(seq), delivery };
    });
}
