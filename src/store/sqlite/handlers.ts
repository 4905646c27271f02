import type { ReceiptDraft } from '../records.js';
import type { SqliteEngine } from './engine.js';
import type { PackedReceipts, ThreadOperationName, ThreadOperations } from './protocol.js';

type Handlers = {
  [N in ThreadOperationName]: (
    engine: SqliteEngine,
    args: ThreadOperations[N]['args'],
  ) => ThreadOperations[N]['result'];
};

/** Every operation of the store. Each runs inside the caller's transaction. */
export const HANDLERS: Handlers = {
  append: (engine, args) => engine.log.append(unpack(args), args.offer),
  quarantine: (engine, draft) => engine.quarantine.quarantine({ ...draft, body: asBuffer(draft.body) }),
  register: (engine, { listeners, now }) => engine.register(listeners, now),
  claim: (engine, { owner, wanted, now }) => engine.deliveries.claim(owner, wanted, now),
  settle: (engine, { settlements, now }) => engine.deliveries.settle(settlements, now),
  release: (engine, { owner, claims, now }) => engine.deliveries.release(owner, claims, now),
  enroll: (engine, { pid, now, leaseMs }) => engine.deliveries.enroll(pid, now, leaseMs),
  heartbeat: (engine, { owner, now, leaseMs }) => engine.deliveries.heartbeat(owner, now, leaseMs),
  retire: (engine, { owner, now, begun }) => engine.deliveries.retire(owner, now, begun),
  retry: (engine, { filter, now, after }) => engine.operations.retry(filter, now, after),
  discard: (engine, { filter, now, after }) => engine.operations.discard(filter, now, after),
  countReplay: (engine, { listenerId, filter, after }) =>
    engine.operations.countReplay(listenerId, filter, after),
  startReplay: (engine, { listenerId, filter, now }) =>
    engine.operations.startReplay(listenerId, filter, now),
  advance: (engine, { now }) => engine.operations.advance(now),
  setPaused: (engine, { listenerId, paused }) => engine.operations.setPaused(listenerId, paused),
  retain: (engine, args) => engine.retention.retain(args),
  query: (engine, { sql, parameters }) => engine.query(sql, parameters.map(bindable)),
};

function unpack({ receipts, bodies }: PackedReceipts): ReceiptDraft[] {
  let offset = 0;
  return receipts.map(({ channel, traceId, secretIndex, receivedAt, events, bodyLength }) => {
    const body = asBuffer(bodies.subarray(offset, (offset += bodyLength)));
    return { channel, body, traceId, secretIndex, receivedAt, events };
  });
}

/** A Buffer crosses the thread as a plain Uint8Array, which SQLite does not take. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A parameter of a query as SQLite takes it. */
function bindable(parameter: unknown): unknown {
  return parameter instanceof Uint8Array ? asBuffer(parameter) : parameter;
}
