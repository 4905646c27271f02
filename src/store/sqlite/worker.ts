/**
 * The store's thread. A commit waits for the disk; here that holds up the next group of writes and nothing
 * else, while the event loop of the service goes on.
 */
import { workerData, type MessagePort } from 'node:worker_threads';

import { SqliteEngine } from './engine.js';
import { HANDLERS } from './handlers.js';
import { STORE_WIDE, type Call, type Opened, type Reply } from './protocol.js';

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

function failed(error: unknown): Reply[number] {
  const { code, message } = error as NodeJS.ErrnoException;
  return { ok: false, code, message };
}
