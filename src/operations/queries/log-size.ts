import { Injectable } from '@nestjs/common';

import { Store } from '../../store/store.js';
import { wholeLog, type SeqRange } from './seq-at.js';
import { shared } from './shared.js';

/** Stretches of the log that are counted to estimate it, and positions of each. */
const STRETCHES = 64;
const STRETCH = 512;
/** How long it is believed that as many positions hold an event. */
const TTL_MS = 30_000;

/**
 * How many events there are, without counting them all: that would read the whole log. Of its positions some
 * may hold none, where events were removed or, on PostgreSQL, a duplicate came: how many is told by a sample.
 */
@Injectable()
export class LogSize {
  private readonly density = shared(TTL_MS, () => this.measure());

  constructor(private readonly store: Store) {}

  /** Exact where no position is empty, and for up to 32,768 of them; else an estimate. */
  async now(): Promise<number> {
    const log = await wholeLog(this.store);
    const positions = log.to - log.from;
    if (positions <= STRETCHES * STRETCH) return this.count([log]);
    return Math.round(positions * (await this.density()));
  }

  private async measure(): Promise<number> {
    const { from, to } = await wholeLog(this.store);
    const step = (to - from) / STRETCHES;
    const stretches = Array.from({ length: STRETCHES }, (_, i) => {
      const start = Math.floor(from + i * step);
      return { from: start, to: start + STRETCH };
    });
    return (await this.count(stretches)) / (STRETCHES * STRETCH);
  }

  private async count(stretches: readonly SeqRange[]): Promise<number> {
    const { builder } = this.store;
    const [row] = await this.store.read(
      builder
        .selectFrom('events')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where((eb) =>
          eb.or(stretches.map(({ from, to }) => eb.and([eb('seq', '>=', from), eb('seq', '<', to)]))),
        ),
    );
    return row?.count ?? 0;
  }
}
