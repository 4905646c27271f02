/**
 * The store's thread. A commit waits for the disk; here that holds up the next group of writes and nothing
 * else, while the event loop of the service goes on.
 */
import { workerData, type MessagePort } from 'node:worker_threads';

import type { ReceiptDraft } from '../records.js';
import { SqliteEngine } from './engine.js';
import {
  STORE_WIDE,
  type Call,
  type Opened,
  type PackedReceipts,
  type Reply,
  type ThreadOperationName,
  type ThreadOperations,
} from './protocol.js';

const { file, port, migrate } = workerData as { file: string; port: MessagePort; migrate: boolean };

try {
  const engine = await SqliteEngine.open(file, undefined, migrate);
  port.on('message', (message: readonly Call[] | 'close') => {
    if (message === 'close') {
      engine.close();
      port.close();
    } else {
      port.postMessage(runGroup(engine, message));
    }
  });
  port.postMessage({ opened: true } satisfies Opened);
} catch (error) {
  port.postMessage({ opened: false, message: (error as Error).message } satisfies Opened);
  port.close();
}

type Handlers = {
  [N in ThreadOperationName]: (
    engine: SqliteEngine,
    args: ThreadOperations[N]['args'],
  ) => ThreadOperations[N]['result'];
};

const HANDLERS: Handlers = {
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

/** One transaction for the whole group; when it fails, one for each call, so that none can fail another. Appends are one call. */
function runGroup(engine: SqliteEngine, calls: readonly Call[]): Reply {
  const works = calls.map(({ name, args, audit }) => {
    const handler = HANDLERS[name] as (engine: SqliteEngine, args: unknown) => unknown;
    return () => {
      const result = handler(engine, args);
      if (audit !== undefined) engine.operations.audit(audit, result);
      return result;
    };
  });
  try {
    return engine.transaction(() => works.map((work) => ({ ok: true, result: work() })));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No use in trying each alone: for a locked store that would take its timeout once more for each.
    if (works.length === 1 || STORE_WIDE.test(code ?? '')) return works.map(() => failed(error));
    return works.map((work) => {
      try {
        return { ok: true, result: engine.transaction(work) };
      } catch (fault) {
        return failed(fault);
      }
    });
  }
}

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

function failed(error: unknown): Reply[number] {
  const { code, message } = error as NodeJS.ErrnoException;
  return { ok: false, code, message };
}
