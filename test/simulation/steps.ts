import fc from 'fast-check';

import type { DeliveryFilter, EventFilter } from '../../src/store/records.js';
import { LATE_LISTENERS, LISTENERS } from './listeners.js';

/** The first instant of every run, in milliseconds since 1970. */
export const START = 1_750_000_000_000;
export const WORKERS = 3;
/** The first of each most often: long lines are where order is lost. */
const CHANNELS = ['default', 'default', 'default', 'email'];
const INTERACTIONS = ['one', 'one', 'one', 'one', 'two', 'three'];
const TYPES = ['STARTED', 'FINISHED'];

/** One POST. So few values that duplicates come by themselves. */
export interface ReceiptStep {
  readonly channel: string;
  readonly operation: string | undefined;
  readonly events: readonly { readonly type?: string; readonly interaction?: string }[];
}

/** How a handler ends. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' | 'timeout' | 'permanent'; readonly random: number }
  | { readonly kind: 'later'; readonly seconds: number };

/** What can be torn: begun in a transaction that does not commit. */
export type Torn = 'append' | 'claim' | 'heartbeat' | 'advance' | 'retry' | 'discard' | 'retire';

/** One thing that happens. Workers, listeners and attempts are named by number, taken modulo how many there are. */
export type Step =
  | { readonly do: 'append'; readonly receipts: readonly ReceiptStep[]; readonly offeredBy?: number }
  | { readonly do: 'claim'; readonly worker: number; readonly limit: number }
  | {
      readonly do: 'finish';
      readonly worker: number;
      readonly nth: number;
      readonly outcome: Outcome;
      /** Whether the result waits for the next one, as when the disk is full. */
      readonly held: boolean;
    }
  | { readonly do: 'heartbeat' | 'repeat' | 'crash' | 'stop' | 'advance'; readonly worker: number }
  | { readonly do: 'tick'; readonly ms: number }
  | { readonly do: 'restart'; readonly killed: boolean }
  | { readonly do: 'pause' | 'resume'; readonly listener: number; readonly worker: number }
  | { readonly do: 'retry' | 'discard'; readonly filter: DeliveryFilter }
  | { readonly do: 'replay'; readonly listener: number; readonly filter: EventFilter }
  | { readonly do: 'register'; readonly listener: number }
  | { readonly do: 'tear'; readonly what: Torn; readonly worker: number };

const worker = fc.nat({ max: WORKERS - 1 });
const listener = fc.nat({ max: LISTENERS.length - 1 });
const one = <T extends string>(name: T) => fc.constant(name);

const event = fc.record(
  { type: fc.constantFrom(...TYPES), interaction: fc.constantFrom(...INTERACTIONS) },
  { requiredKeys: [] },
);
const receipt: fc.Arbitrary<ReceiptStep> = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  operation: fc.option(fc.constantFrom('op-1', 'op-2', 'op-3', 'op-4', 'op-5'), { nil: undefined, freq: 8 }),
  events: fc.array(event, { maxLength: 3 }),
});
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: one('done') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('failed' as const, 'timeout' as const, 'permanent' as const),
      random: fc.constantFrom(0, 0.5, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: one('later'), seconds: fc.constantFrom(-1, 0, 30, 1e9, NaN) }),
  },
);
const eventFields = {
  event: fc.constantFrom(...TYPES),
  channel: fc.constantFrom(...CHANNELS),
  interactionId: fc.constantFrom(...INTERACTIONS),
  from: fc.constantFrom(START, START + 1_000, START + 20_000),
  to: fc.constantFrom(START + 1, START + 1_000, START + 20_000),
};
const eventFilter = fc.oneof(fc.constant({}), fc.record(eventFields, { requiredKeys: [] }));
const seqs = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 2 });
const deliveryFilter = fc.oneof(
  { weight: 1, arbitrary: fc.record({ listenerId: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ seqs }) },
  { weight: 1, arbitrary: eventFilter },
);
const torn = fc.constantFrom<Torn>('append', 'claim', 'heartbeat', 'advance', 'retry', 'discard', 'retire');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        do: one('append'),
        receipts: fc.array(receipt, { minLength: 1, maxLength: 2 }),
        offeredBy: worker,
      },
      { requiredKeys: ['do', 'receipts'] },
    ),
  },
  { weight: 8, arbitrary: fc.record({ do: one('claim'), worker, limit: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: one('finish'),
      worker,
      nth: fc.nat({ max: 3 }),
      outcome,
      held: fc.nat({ max: 5 }).map((n) => n === 5),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one('heartbeat'), worker }) },
  { weight: 3, arbitrary: fc.record({ do: one('advance'), worker }) },
  { weight: 2, arbitrary: fc.record({ do: one('repeat'), worker }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'stop' as const), worker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: one('tick'),
      ms: fc.constantFrom(1, 1_000, 9_999, 10_000, 60_000, 86_400_000, -1, -30_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: one('restart'), killed: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), listener, worker }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('retry' as const, 'discard' as const),
      filter: deliveryFilter,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one('replay'), listener, filter: eventFilter }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: one('register'), listener: fc.nat({ max: LATE_LISTENERS.length - 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: one('tear'), what: torn, worker }) },
);

/** The most steps of one run. */
const LONGEST = 80;

/** Schedules: any steps in any order. A step that cannot be taken where it stands is passed over. */
export const schedule: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: LONGEST, size: 'max' });
