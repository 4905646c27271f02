import type { Entry } from './journal.js';

/** What was sent: names of events, see {@link nameOf}. */
export interface Sent {
  /** Everything that was ever sent, answered or not. */
  readonly attempted: ReadonlySet<string>;
  /** What was answered with 200. */
  readonly acknowledged: ReadonlySet<string>;
}

/** What is wrong, each a sentence; and what is allowed, counted. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly unexpected: readonly string[];
  /** Deliveries that were done more than once. */
  readonly duplicates: number;
  /** Attempts that began and whose end was cut off. */
  readonly cutOff: number;
}

/** An event, among those of a run: its interaction and its type. */
export const nameOf = (interaction: string, type: string): string => `${interaction}/${type}`;

/**
 * Holds what was sent against what is stored and what the listener wrote down.
 *
 * FINISHED is sent only after STARTED was acknowledged, so that nothing may be handed FINISHED before it was
 * done with STARTED.
 *
 * @param stored the names of all events in the store, a name for each row.
 * @param open the names of events whose delivery is not done.
 */
export function judge(
  sent: Sent,
  stored: readonly string[],
  open: readonly string[],
  journal: readonly Entry[],
): Verdict {
  const rows = new Set(stored);
  const done = new Map<string, number>();
  const outOfOrder: string[] = [];
  const unexpected: string[] = [];
  let cutOff = 0;
  for (const { step, interaction, type, seq } of journal) {
    const name = nameOf(interaction, type);
    if (!sent.attempted.has(name)) unexpected.push(`${name} (seq ${seq}) was handled and never sent`);
    if (step !== 'begin') cutOff--;
    else cutOff++;
    if (type === 'FINISHED' && !done.has(nameOf(interaction, 'STARTED'))) {
      outOfOrder.push(`${name} (seq ${seq}) was handled before STARTED was done`);
    }
    if (step === 'done') done.set(name, (done.get(name) ?? 0) + 1);
  }
  const lost = [...sent.acknowledged].flatMap((name) => [
    ...(rows.has(name) ? [] : [`${name} was acknowledged and is not stored`]),
    ...(done.has(name) ? [] : [`${name} was acknowledged and never handled`]),
  ]);
  for (const name of open) lost.push(`${name} is stored and its delivery is not done`);
  for (const name of rows)
    if (!sent.attempted.has(name)) unexpected.push(`${name} is stored and was never sent`);
  for (const name of repeated(stored)) unexpected.push(`${name} is stored more than once`);
  const duplicates = [...done.values()].reduce((sum, times) => sum + times - 1, 0);
  return { lost, outOfOrder, unexpected, duplicates, cutOff };
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}
