import type { ListenerOptions } from '../../src/events/on-interaction.decorator.js';
import type { ListenerDeclaration } from '../../src/store/records.js';

/** A listener of the simulation: what the store is told of it, and how its failures are judged. */
export interface SimulatedListener extends ListenerDeclaration {
  readonly options: Required<ListenerOptions>;
}

function listener(
  name: string,
  from: ListenerDeclaration['from'],
  onDead: 'skip' | 'park',
  filter: ListenerDeclaration['filter'],
): SimulatedListener {
  const delays = { baseDelayMs: 1_000, maxDelayMs: 60_000 };
  return {
    name,
    from,
    filter,
    options: { ...delays, attempts: 3, timeoutMs: 1, concurrency: 1, onDead, from },
  };
}

/** There from the start. */
export const FIRST_LISTENERS = [listener('skips', 'now', 'skip', {}), listener('parks', 'now', 'park', {})];

/** Loaded in the middle of a run. */
export const LATE_LISTENERS = [
  listener('finished-from-beginning', 'beginning', 'park', { event: 'FINISHED' }),
  listener('channel-from-beginning', 'beginning', 'skip', { channel: 'email' }),
  listener('from-now', 'now', 'park', { event: ['STARTED', 'FINISHED'] }),
];

export const LISTENERS = [...FIRST_LISTENERS, ...LATE_LISTENERS];
