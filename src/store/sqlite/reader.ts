/**
 * The reading thread: questions of operators, on a connection that cannot write. In WAL mode a reader holds up
 * no commit, so a slow question delays nobody but who asked it.
 */
import { workerData, type MessagePort } from 'node:worker_threads';

import Database from 'better-sqlite3';

import type { Answer, Question } from './protocol.js';

const { file, port } = workerData as { file: string; port: MessagePort };

const sqlite = new Database(file, { readonly: true, fileMustExist: true });
sqlite.pragma('trusted_schema = OFF');

port.on('message', ({ id, sql, parameters }: Question) => {
  try {
    port.postMessage({ id, rows: sqlite.prepare(sql).all(parameters) } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, error: (error as Error).message } satisfies Answer);
  }
});
