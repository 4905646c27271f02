import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { sql } from 'kysely';

import type { Store } from '../store.js';

const DAY_MS = 86_400_000;
/** From the last step of a run to the next run, in whatever process. */
const INTERVAL_MS = 600_000;
/** How often a process looks whether a run is due. */
const LOOK_MS = 60_000;
/** Events a run looks at again that it could not remove before: however many there are, it takes no longer. */
const KEPT_STEPS = 50;
/** Between two transactions: webhooks come first. */
const LEAST_PAUSE_MS = 10;
/** Rows of one transaction, of what is no event. */
const ROWS = 100;

/** What a {@link Retention} works with. */
export interface RetentionOptions {
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Removes what is older than some days and needs nobody any more: batch by batch from the log's old end, so
 * that a run costs what it removes, and not what stays.
 *
 * Where it is stands in the store. So it goes on there after a crash, and of several processes one is at it.
 */
export class Retention {
  private readonly logger = new Logger(Retention.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: Store,
    private readonly options: RetentionOptions,
  ) {}

  /** Removes what is due now, and from then on. */
  start(): void {
    const look = (): void => {
      this.running ??= this.runLoud().finally(() => (this.running = undefined));
    };
    this.timer = setInterval(look, LOOK_MS);
    look();
  }

  /** Ends after the transaction that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  /**
   * One run, if one is due.
   *
   * @returns how many events it removed; undefined where another process is at it, or was lately.
   */
  async run(): Promise<number | undefined> {
    if (!(await this.takeTurn())) return undefined;
    const before = this.options.now() - this.options.days * DAY_MS;
    const fromKept = await this.repeat(() => this.step('kept', before), KEPT_STEPS);
    const fromLog = await this.repeat(() => this.step('log', before));
    for (const query of this.leftovers(before)) {
      await this.repeat(async () => {
        const rows = await this.store.query(query);
        return { removed: rows.length, more: rows.length === ROWS };
      });
    }
    return fromKept + fromLog;
  }

  private async runLoud(): Promise<void> {
    try {
      const removed = await this.run();
      if (removed) this.logger.log(`Removed ${removed} events older than ${this.options.days} days`);
    } catch (error) {
      // The next run goes on where this one was.
      this.logger.error(`Old events could not be removed: ${(error as Error).message}`);
    }
  }

  /** A turn in the far future was taken by a clock that was wrong. */
  private async takeTurn(): Promise<boolean> {
    const now = this.options.now();
    const turn = this.store.builder
      .updateTable('retention')
      .set({ next_at: now + INTERVAL_MS })
      .where((q) => q.or([q('next_at', '<=', now), q('next_at', '>', now + INTERVAL_MS)]))
      .returning('position');
    return (await this.store.query(turn)).length > 0;
  }

  private async step(part: 'log' | 'kept', before: number) {
    const now = this.options.now();
    const turn = this.store.builder.updateTable('retention').set({ next_at: now + INTERVAL_MS });
    const [retained] = await Promise.all([
      this.store.call('retain', { part, before, now }),
      this.store.query(turn),
    ]);
    return retained;
  }

  /** Steps until there is no more to do, each after a pause as long as the one before took. */
  private async repeat(
    step: () => Promise<{ removed: number; more: boolean }>,
    most = Infinity,
  ): Promise<number> {
    let sum = 0;
    for (let i = 0; i < most && !this.stopping.signal.aborted; i++) {
      const start = performance.now();
      const { removed, more } = await step();
      sum += removed;
      if (!more) break;
      const pause = Math.max(LEAST_PAUSE_MS, performance.now() - start);
      await delay(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    return sum;
  }

  /** What is old and belongs to no event. Each query removes some, and says which. */
  private leftovers(before: number) {
    const { builder } = this.store;
    const receipts = builder
      .deleteFrom('receipts')
      .where('id', 'in', (q) =>
        q
          .selectFrom('receipts')
          .select('id')
          .where('digest', 'is not', null)
          .where('received_at', '<', before)
          .orderBy('received_at')
          .limit(sql.lit(ROWS)),
      )
      .returning('id');
    // Of these two the last stays: SQLite would give its number, which people write down, to the next one.
    const quarantine = builder
      .deleteFrom('quarantine')
      .where('id', 'in', (q) =>
        q
          .selectFrom('quarantine')
          .select('id')
          .where('state', '<>', sql.lit('held'))
          .where('last_at', '<', before)
          .orderBy('last_at')
          .limit(sql.lit(ROWS)),
      )
      .where('state', '<>', sql.lit('held'))
      .where('id', '<', (q) => q.selectFrom('quarantine').select((l) => l.fn.max('id').as('last')))
      .returning('id');
    const replays = builder
      .deleteFrom('replays')
      .where('state', '<>', 'running')
      .where('created_at', '<', before)
      .where('id', '<', (q) => q.selectFrom('replays').select((l) => l.fn.max('id').as('last')))
      .returning('id');
    return [receipts, quarantine, replays];
  }
}
