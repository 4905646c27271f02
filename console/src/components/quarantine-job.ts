import { post } from '../api.js';
import type { Batch } from '../types.js';
import type { Job } from './bulk.js';

export type QuarantineAction = 'reprocess' | 'discard';

/** Which payloads a command is for, as a filter of the API. */
export interface QuarantineTarget {
  readonly total: number;
  readonly filter: Readonly<Record<string, unknown>>;
}

const WORDS: Readonly<Record<QuarantineAction, readonly [string, string]>> = {
  reprocess: ['payload reprocessed', 'payloads reprocessed'],
  discard: ['payload discarded', 'payloads discarded'],
};

/** Reprocessing or discarding payloads, batch by batch. */
export function quarantineJob(action: QuarantineAction, { total, filter }: QuarantineTarget): Job {
  const [one, many] = WORDS[action];
  const part = (cursor?: string): Promise<Batch> => post(`/quarantine/${action}`, { filter, cursor });
  return { one, many, total, parts: [part] };
}
