import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { StoreUnavailableError } from '../errors.js';
import type { Answer, Question } from './protocol.js';

interface Asked {
  readonly resolve: (rows: unknown[]) => void;
  readonly reject: (error: Error) => void;
}

/** The service's end of the reading thread, which is started by the first question. */
export class SqliteReader {
  private thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;
  private readonly asked = new Map<number, Asked>();
  private lastId = 0;

  constructor(private readonly file: string) {}

  /** @throws StoreUnavailableError when the query fails, or the thread ends. */
  read(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    this.thread ??= this.start();
    const { port } = this.thread;
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      port.postMessage({ id, sql, parameters } satisfies Question);
    });
  }

  async close(): Promise<void> {
    await this.thread?.worker.terminate();
  }

  private start(): NonNullable<typeof this.thread> {
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./reader.js', import.meta.url), {
      workerData: { file: this.file, port: port2 },
      transferList: [port2],
    });
    // A thread that ended, for want of memory say, is started anew by the next question.
    const end = (reason: string): void => {
      if (this.thread?.worker === worker) this.thread = undefined;
      for (const { reject } of this.asked.values()) reject(new StoreUnavailableError(reason));
      this.asked.clear();
      port.close();
    };
    worker.on('error', (error: Error) => end(error.message));
    worker.on('exit', () => end('the reading thread ended'));
    port.on('message', (answer: Answer) => {
      const waiting = this.asked.get(answer.id);
      this.asked.delete(answer.id);
      if ('rows' in answer) waiting?.resolve(answer.rows);
      else waiting?.reject(new StoreUnavailableError(answer.error));
    });
    worker.unref();
    return { worker, port };
  }
}
