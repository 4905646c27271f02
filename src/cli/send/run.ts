import type { BodySource } from './bodies.js';
import { startProgress } from './progress.js';
import { jsonReport, textReport } from './report.js';
import { sendRounds } from './rounds.js';
import type { Sender } from './sender.js';
import { Tally } from './tally.js';

/** How long requests that are under way may still take after Ctrl-C, in milliseconds. */
const GRACE_MS = 1_000;

export interface SendRun {
  readonly sender: Sender;
  readonly source: BodySource;
  /** Bodies in each round of the source. */
  readonly bodies: number;
  readonly count: number;
  readonly concurrency: number;
  readonly json: boolean;
}

/** Sends everything and prints it: each answer of a single round, a summary of many. */
export async function runSend(run: SendRun): Promise<Tally> {
  try {
    return run.count > 1 ? await sendMany(run) : await sendOne(run);
  } finally {
    run.sender.close();
  }
}

async function sendOne(run: SendRun): Promise<Tally> {
  const report = run.json ? jsonReport : textReport;
  const tally = new Tally(run.bodies);
  await sendRounds({
    ...run,
    stop: new AbortController().signal,
    onOutcome: (outcome) => {
      tally.add(outcome);
      report.outcome(outcome);
    },
  });
  return tally;
}

async function sendMany(run: SendRun): Promise<Tally> {
  const planned = run.count * run.bodies;
  const tally = new Tally(planned);
  const progress = startProgress(planned);
  const { signal, release } = stopOnInterrupt(run.sender);
  const started = performance.now();
  let nothingListens: string | undefined;
  await sendRounds({
    ...run,
    stop: signal,
    onOutcome: (outcome) => {
      tally.add(outcome);
      progress.advance();
      if ('code' in outcome && outcome.code === 'ECONNREFUSED') nothingListens = outcome.message;
    },
  });
  release();
  progress.stop();
  const report = run.json ? jsonReport : textReport;
  if (tally.answered > 0 || nothingListens === undefined || run.json) {
    report.summary(tally.summary((performance.now() - started) / 1000, signal.aborted));
  }
  if (nothingListens !== undefined) console.error(nothingListens);
  return tally;
}

/** The first Ctrl-C starts no more and soon gives up on what is under way; the second ends the process. */
function stopOnInterrupt(sender: Sender): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const stop = (): void => {
    controller.abort();
    grace = setTimeout(() => sender.close(), GRACE_MS);
  };
  process.once('SIGINT', stop);
  return {
    signal: controller.signal,
    release: () => {
      process.removeListener('SIGINT', stop);
      clearTimeout(grace);
    },
  };
}
