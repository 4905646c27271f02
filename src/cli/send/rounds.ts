import type { BodySource } from './bodies.js';
import type { Outcome, Sender } from './sender.js';

export interface Rounds {
  readonly source: BodySource;
  readonly sender: Sender;
  readonly count: number;
  readonly concurrency: number;
  /** Aborted when no more are to be started. */
  readonly stop: AbortSignal;
  readonly onOutcome: (outcome: Outcome) => void;
}

/**
 * Sends `count` rounds, `concurrency` at a time; the bodies of one round wait for each other. Ends early
 * when nothing listens: to try thousands of times would tell nothing more.
 */
export async function sendRounds({
  source,
  sender,
  count,
  concurrency,
  stop,
  onOutcome,
}: Rounds): Promise<void> {
  let started = 0;
  let refused = false;
  const ended = (): boolean => refused || stop.aborted;
  const work = async (): Promise<void> => {
    while (started < count && !ended()) {
      started++;
      for (const body of source()) {
        if (ended()) return;
        const outcome = await sender.send(body);
        refused ||= 'code' in outcome && outcome.code === 'ECONNREFUSED';
        onOutcome(outcome);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work));
}
