import { setMaxListeners } from 'node:events';

import type { ApiClient } from '../api-client/api-client.js';
import { CommandFailure, EXIT } from '../failure.js';
import type { Outcome, Sender } from '../send/sender.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { compare, findLogEnd, readEvents, type Comparison, type LogEnd } from './check.js';
import { clockTime } from './day.js';
import { Ledger } from './ledger.js';
import { LiveLine } from './live-line.js';
import type { SimulationResult } from './report.js';
import { Traffic, type PlannedRequest, type TrafficOptions } from './traffic.js';
import { Vendor } from './vendor.js';

/** How long requests that are under way may still take after Ctrl-C, in milliseconds. */
const GRACE_MS = 1_000;
/** Nothing listens there, or there is no such machine. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND']);

/** Senders of a channel, and where the secret of the one that knows it came from. */
export interface ChannelSenders {
  readonly right: Sender;
  readonly wrong: Sender;
  readonly secretFrom: string;
}

export interface SimulationOptions {
  readonly traffic: TrafficOptions;
  readonly senders: ReadonlyMap<string, ChannelSenders>;
  readonly speed: number;
  readonly connections: number;
  readonly attempts: number;
  readonly retryMs: number;
  /** Where to look what is stored; `undefined` to compare nothing. */
  readonly api: ApiClient | undefined;
  /** The seed was given: the same events may be stored since an earlier run. */
  readonly isRepeatable: boolean;
}

/**
 * Runs a simulation to its end, or until Ctrl-C.
 *
 * @throws CommandFailure when nothing listens, or the stored events cannot be read.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { api } = options;
  const end = api && (await findLogEnd(api));
  const interrupt = onInterrupt();
  const interrupted = interrupt.signal;
  try {
    const run = new Run(options, interrupted);
    const result = await run.toItsEnd();
    if (api === undefined || end === undefined) return result;
    return { ...result, check: await check(api, end, run.ledger, options.isRepeatable) };
  } finally {
    interrupt.release();
  }
}

function check(api: ApiClient, end: LogEnd, ledger: Ledger, isRepeatable: boolean): Promise<Comparison> {
  return compare(ledger.events, readEvents(api, isRepeatable ? undefined : end.receivedAt), end);
}

class Run {
  readonly ledger = new Ledger();
  private readonly started = performance.now();
  private readonly stop = new AbortController();
  private readonly live: LiveLine;
  private readonly vendor: Vendor;
  private readonly traffic: Traffic;
  private readonly refusedChannels = new Set<string>();
  private nothingListens: string | undefined;

  constructor(
    private readonly options: SimulationOptions,
    private readonly interrupted: AbortSignal,
  ) {
    // Whatever waits for its time waits for this too.
    setMaxListeners(0, this.stop.signal);
    this.traffic = new Traffic(options.traffic);
    this.vendor = new Vendor({
      ...options,
      ledger: this.ledger,
      stop: this.stop.signal,
      onOutcome: (request, outcome) => this.note(request, outcome),
    });
    this.live = new LiveLine(() => this.line());
  }

  async toItsEnd(): Promise<SimulationResult> {
    let grace: NodeJS.Timeout | undefined;
    const onInterrupt = (): void => {
      this.stop.abort();
      grace = setTimeout(() => this.close(), GRACE_MS);
    };
    this.interrupted.addEventListener('abort', onInterrupt, { once: true });
    await this.vendor.run(this.traffic);
    clearTimeout(grace);
    this.live.stop();
    this.close();
    if (this.nothingListens !== undefined) throw new CommandFailure(this.nothingListens, EXIT.unavailable);
    return this.result();
  }

  private note({ kind, channel }: PlannedRequest, outcome: Outcome): void {
    if ('code' in outcome) {
      // A service that has answered may come back; one that never did is most likely elsewhere.
      if (NOBODY_THERE.has(outcome.code) && this.ledger.answers.answered === 0) {
        this.nothingListens = outcome.message;
        this.stop.abort();
      }
      return;
    }
    if (outcome.status !== 401 || kind === 'forged' || this.refusedChannels.has(channel)) return;
    this.refusedChannels.add(channel);
    const from = this.options.senders.get(channel)?.secretFrom;
    this.live.print(
      `The channel "${channel}" is refused with 401: the service does not know the channel, its secret (which came from ${from}) or the API key.`,
    );
  }

  private line(): string {
    const { requests, answers } = this.ledger;
    const seconds = (performance.now() - this.started) / 1_000;
    const now = clockTime(this.options.traffic.startMs + this.vendor.now);
    const rate = Math.round(answers.answered / seconds);
    return `${now}  ${requests.sent} sent, ${requests.acknowledged} acknowledged, ${this.vendor.waiting} to send again, ${rate} answers/s`;
  }

  private result(): SimulationResult {
    const { ledger, traffic, vendor, options, interrupted } = this;
    const seconds = (performance.now() - this.started) / 1_000;
    const { statuses, unanswered, ms } = ledger.answers.summary(seconds, interrupted.aborted);
    const { started, finished, reordered } = traffic;
    return {
      seed: options.traffic.seed,
      simulatedSeconds: Math.round(vendor.now / 1_000),
      seconds: Math.round(seconds * 100) / 100,
      interrupted: interrupted.aborted,
      interactions: { started, finished, reordered },
      events: ledger.countEvents(),
      requests: { ...ledger.requests, waiting: vendor.waiting },
      duplicates: ledger.duplicates,
      forged: ledger.forged,
      answers: { statuses, unanswered, ...(ms === undefined ? {} : { ms }) },
    };
  }

  private close(): void {
    for (const { right, wrong } of this.options.senders.values()) {
      right.close();
      wrong.close();
    }
  }
}
