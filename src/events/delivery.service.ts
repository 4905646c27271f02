import { Injectable } from '@nestjs/common';

import type { Operations } from '../store/operations.js';
import type { BatchPosition, BatchResult } from '../store/operations.js';
import type { AuditDraft, DeliveryFilter, EventFilter } from '../store/records.js';
import { Store } from '../store/store.js';
import { Clock } from './clock.js';
import { Dispatcher } from './dispatcher.js';

/** Picks deliveries: of a listener, by its event, or both. */
export type DeliverySelection = Omit<DeliveryFilter, 'listenerId'> & { readonly listener?: string };

/** How a command of an operator is to be carried out. */
export interface Command {
  /** Entered into the audit log in the transaction that does it. */
  readonly audit?: AuditDraft;
}

/** How one batch of a command is to be carried out. */
export interface BatchCommand extends Command {
  /** Where the batch before ended. */
  readonly after?: BatchPosition | undefined;
}

/** How far a replay is. */
export interface ReplayProgress {
  readonly id: number;
  readonly listener: string;
  readonly state: 'running' | 'done' | 'cancelled';
  /** Events delivered again so far. */
  readonly replayed: number;
}

/** There is no listener of this name in the store. */
export class UnknownListenerError extends Error {
  override readonly name = 'UnknownListenerError';
  constructor(listener: string) {
    super(`No listener named "${listener}" was ever loaded.`);
  }
}

/**
 * What operators do to deliveries. Long commands work in batches, each a transaction of its own, so that
 * webhooks are stored meanwhile.
 *
 * @throws UnknownListenerError where a listener is named that the store does not know.
 */
@Injectable()
export class DeliveryService {
  constructor(
    private readonly store: Store,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives dead deliveries fresh attempts, each at its place in the order of its interaction.
   *
   * @returns how many.
   * @example
   * await deliveries.retry({ listener: 'crm-close-case', from: Date.parse('2026-06-13T22:00Z') });
   */
  async retry(selection: DeliverySelection): Promise<number> {
    return this.inBatches('retry', selection);
  }

  /** Gives up deliveries that are dead or wait; those that run are left alone. How many. */
  async discard(selection: DeliverySelection): Promise<number> {
    return this.inBatches('discard', selection);
  }

  /** One batch of {@link retry}, for who shows how far it is, or may stop: the next goes on after `next`. */
  async retryBatch(selection: DeliverySelection, command: BatchCommand = {}): Promise<BatchResult> {
    return this.batch('retry', await this.toFilter(selection), command);
  }

  /** One batch of {@link discard}. */
  async discardBatch(selection: DeliverySelection, command: BatchCommand = {}): Promise<BatchResult> {
    return this.batch('discard', await this.toFilter(selection), command);
  }

  /** How many events {@link replay} would deliver to a listener. */
  async countReplay(listener: string, filter: EventFilter = {}): Promise<number> {
    const listenerId = await this.idOf(listener);
    let total = 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const { count, next }: Operations['countReplay']['result'] = await this.store.call('countReplay', {
        listenerId,
        filter,
        after,
      });
      total += count;
      after = next;
    }
    return total;
  }

  /**
   * Delivers stored events to one listener again, with fresh attempts, in order, a batch at a time while the
   * listener has little else to do. Survives a crash. What is still on its way is not doubled.
   *
   * @returns the id of the replay, for {@link replayProgress} and {@link cancelReplay}.
   */
  async replay(listener: string, filter: EventFilter = {}, { audit }: Command = {}): Promise<number> {
    const listenerId = await this.idOf(listener);
    const id = await this.store.call('startReplay', { listenerId, filter, now: this.clock.now() }, audit);
    this.dispatcher.advanceSoon();
    return id;
  }

  /** How far a replay is, or `undefined` where there is none with this id. */
  async replayProgress(id: number): Promise<ReplayProgress | undefined> {
    const [row] = await this.store.query(
      this.store.builder
        .selectFrom('replays')
        .innerJoin('listeners', 'listeners.id', 'replays.listener_id')
        .select(['replays.id', 'listeners.name as listener', 'replays.state', 'replays.replayed'])
        .where('replays.id', '=', id),
    );
    return row;
  }

  /** Ends a replay; what it has made due stays due. */
  async cancelReplay(id: number, { audit }: Command = {}): Promise<void> {
    const { sql, parameters } = this.store.builder
      .updateTable('replays')
      .set({ state: 'cancelled' })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .compile();
    await this.store.call('query', { sql, parameters }, audit);
  }

  /** Starts no more of a listener's deliveries, in any process, until {@link resume}. Kept across restarts. */
  async pause(listener: string, { audit }: Command = {}): Promise<void> {
    const listenerId = await this.idOf(listener);
    await this.store.call('setPaused', { listenerId, paused: true }, audit);
    await this.dispatcher.giveBack([listenerId]);
  }

  async resume(listener: string, { audit }: Command = {}): Promise<void> {
    await this.store.call('setPaused', { listenerId: await this.idOf(listener), paused: false }, audit);
    this.dispatcher.wake();
  }

  private async inBatches(name: 'retry' | 'discard', selection: DeliverySelection): Promise<number> {
    const filter = await this.toFilter(selection);
    let count = 0;
    let result: BatchResult | undefined;
    do {
      result = await this.batch(name, filter, { after: result?.next });
      count += result.count;
    } while (result.next !== undefined);
    return count;
  }

  private async batch(
    name: 'retry' | 'discard',
    filter: DeliveryFilter,
    { after, audit }: BatchCommand,
  ): Promise<BatchResult> {
    const result = await this.store.call(name, { filter, now: this.clock.now(), after }, audit);
    this.dispatcher.wake();
    return result;
  }

  private async toFilter({ listener, ...rest }: DeliverySelection): Promise<DeliveryFilter> {
    return listener === undefined ? rest : { ...rest, listenerId: await this.idOf(listener) };
  }

  private async idOf(listener: string): Promise<number> {
    const query = this.store.builder.selectFrom('listeners').select('id').where('name', '=', listener);
    const [row] = await this.store.query(query);
    if (row === undefined) throw new UnknownListenerError(listener);
    return row.id;
  }
}
