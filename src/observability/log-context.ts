import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields that every log line of a request or of a delivery carries. */
export interface LogFields {
  readonly traceId?: string | undefined;
  readonly listener?: string;
  readonly seq?: number;
  readonly attempt?: number;
}

const storage = new AsyncLocalStorage<LogFields>();

/** Runs `work` so that every line logged in it, however deep or late, carries `fields`. */
export const withLogFields = <T>(fields: LogFields, work: () => T): T => storage.run(fields, work);

/** The fields of the running request or delivery. */
export const currentLogFields = (): LogFields => storage.getStore() ?? {};
