import type { Kysely } from 'kysely';

import { digest } from '../keys.js';
import type { Claimed, OperationName, Operations } from '../operations.js';
import type { ClaimedDelivery, QuarantineDraft, Settlement } from '../records.js';
import type { DeliveryState, Schema } from '../schema.js';
import type { Connection } from './connections.js';
import { advance, countReplay, discard, retry, startReplay } from './operations.js';
import { retain } from './retention.js';

/** What a handler works with. */
export interface Context {
  readonly connection: Connection;
  readonly builder: Kysely<Schema>;
  /** Deliveries of an operator's command that one transaction touches. */
  readonly batch: number;
}

type Handlers = {
  [N in OperationName]: (context: Context, args: Operations[N]['args']) => Promise<Operations[N]['result']>;
};

/** Every operation of the store: most are one call of a function of the database. */
export const HANDLERS: Handlers = {
  quarantine,
  async register({ connection }, { listeners, now }) {
    const ids: Record<string, number> = {};
    for (const { name, filter, from } of listeners) {
      const values = [name, JSON.stringify(filter), from === 'beginning' ? 0 : null, now];
      const [row] = await connection.run<{ id: number }>('select register_v1($1, $2, $3, $4) as id', values);
      if (row !== undefined) ids[name] = row.id;
    }
    return ids;
  },
  claim,
  settle,
  async release({ connection }, { owner, claims, now }) {
    const seqs = claims.map(({ seq }) => seq);
    const listeners = claims.map(({ listenerId }) => listenerId);
    await connection.run('select release_v1($1, $2, $3, $4)', [owner, seqs, listeners, now]);
  },
  async enroll({ connection }, { pid, leaseMs }) {
    const [row] = await connection.run<{ id: number }>('select enroll_v1($1, $2) as id', [pid, leaseMs]);
    return row?.id ?? 0;
  },
  async heartbeat({ connection }, { owner, now, leaseMs }) {
    const beat = 'select * from heartbeat_v1($1, $2)';
    const [row] = await connection.run<{ renewed: boolean; expired: number[] }>(beat, [owner, leaseMs]);
    for (const id of row?.expired ?? []) await connection.run(RETIRE, [id, now, true, true]);
    return row?.renewed ?? false;
  },
  async retire({ connection }, { owner, now, begun }) {
    await connection.run(RETIRE, [owner, now, begun, false]);
  },
  retry,
  discard,
  countReplay,
  startReplay,
  advance,
  async setPaused({ connection }, { listenerId, paused }) {
    await connection.run('select set_paused_v1($1, $2)', [listenerId, paused ? 1 : 0]);
  },
  retain,
  query: ({ connection }, { sql, parameters }) => connection.run(sql, parameters),
};

const RETIRE = 'select retire_v1($1, $2, $3, $4)';

async function quarantine({ connection, builder }: Context, draft: QuarantineDraft): Promise<void> {
  const errors = JSON.stringify(draft.errors);
  const insert = builder
    .insertInto('quarantine')
    .values({
      channel: draft.channel,
      digest: digest(draft.body),
      body: draft.body,
      trace_id: draft.traceId ?? null,
      secret_index: draft.secretIndex,
      errors,
      first_at: draft.receivedAt,
      last_at: draft.receivedAt,
    })
    .onConflict((c) =>
      c.columns(['channel', 'digest']).doUpdateSet((q) => ({
        times: q('quarantine.times', '+', 1),
        last_at: draft.receivedAt,
        errors,
        // What was reprocessed or discarded and comes again is held again: somebody must look.
        state: 'held',
      })),
    );
  await connection.query(insert);
}

/** What `claim_v1` says of a delivery. */
type ClaimedRow = readonly [
  listenerId: number,
  attempt: number,
  attemptsBefore: number,
  interactionKey: string,
  seq: number,
  type: string | null,
  interactionId: string | null,
  mediaType: string | null,
  interactionSubtype: string | null,
  selfUri: string | null,
  operationId: string | null,
  channel: string,
  late: number,
  traceId: string | null,
  receivedAt: number,
];

async function claim(
  { connection }: Context,
  { owner, wanted, now }: Operations['claim']['args'],
): Promise<Claimed> {
  const listeners = wanted.map(({ listenerId }) => listenerId);
  const limits = wanted.map(({ limit }) => limit);
  type Answer = {
    readonly deliveries: readonly ClaimedRow[][];
    readonly nextDue: readonly [number, number][];
  };
  const [row] = await connection.run<{ claimed: Answer }>(
    'select claim_v1($1, $2, $3, $4) as claimed',
    [owner, listeners, limits, now],
    'claim',
  );
  const { deliveries, nextDue } = row?.claimed ?? { deliveries: [], nextDue: [] };
  return {
    deliveries: deliveries.flat().map((delivery) => toDelivery(owner, delivery)),
    nextDue: Object.fromEntries(nextDue),
  };
}

function toDelivery(owner: number, row: ClaimedRow): ClaimedDelivery {
  const [listenerId, attempt, attemptsBefore, interactionKey, seq, type, interactionId, mediaType] = row;
  const [, , , , , , , , interactionSubtype, selfUri, operationId, channel, late, traceId, receivedAt] = row;
  return {
    listenerId,
    owner,
    attempt,
    attemptsBefore,
    interactionKey,
    event: {
      seq,
      type: type ?? undefined,
      interactionId: interactionId ?? undefined,
      mediaType: mediaType ?? undefined,
      interactionSubtype: interactionSubtype ?? undefined,
      selfUri: selfUri ?? undefined,
      operationId: operationId ?? undefined,
      channel,
      late: late === 1,
      traceId: traceId ?? undefined,
      receivedAt,
    },
  };
}

async function settle(
  { connection }: Context,
  { settlements, now }: Operations['settle']['args'],
): Promise<Operations['settle']['result']> {
  let voided = 0;
  let steppedUp = 0;
  for (let i = 0; i < settlements.length; i += SETTLED_AT_ONCE) {
    const group = settlements.slice(i, i + SETTLED_AT_ONCE);
    const [row] = await connection.run<{ settled: number; stepped_up: number }>(
      `select * from settle_v1(${Array.from({ length: 13 }, (_, n) => `$${n + 1}`).join(', ')})`,
      [...settleColumns(group), now],
      'settle',
    );
    voided += group.length - (row?.settled ?? 0);
    steppedUp += row?.stepped_up ?? 0;
  }
  return { voided, steppedUp };
}

/** As many as interactions are locked one by one. */
const SETTLED_AT_ONCE = 256;

function settleColumns(settlements: readonly Settlement[]): unknown[] {
  const results = settlements.map(({ result }) => result);
  return [
    settlements.map(({ seq }) => seq),
    settlements.map(({ listenerId }) => listenerId),
    settlements.map(({ interactionKey }) => interactionKey),
    settlements.map(({ owner }) => owner),
    settlements.map(({ attempt }) => attempt),
    results.map(({ state }): DeliveryState => state),
    results.map((result) => (result.state === 'pending' || (result.state === 'dead' && result.park) ? 1 : 0)),
    results.map((result) => (result.state === 'pending' ? result.dueAt : undefined)),
    settlements.map(({ startedAt }) => startedAt),
    settlements.map(({ duration }) => duration),
    results.map((result) => (result.state === 'done' ? undefined : result.error)),
    results.map((result) => (result.state === 'done' ? undefined : result.outcome)),
  ];
}
