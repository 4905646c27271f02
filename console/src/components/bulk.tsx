import { useRef, useState } from 'preact/hooks';

import { ApiError } from '../api.js';
import { plural } from '../format.js';
import type { Batch } from '../types.js';
import { Fault } from './notice.js';

/** A command that is carried out batch by batch. */
export interface Job {
  /** What is done to what, in the past: "dead letter retried". */
  readonly one: string;
  readonly many: string;
  readonly total: number;
  /** Carries out one batch of each of its parts. */
  readonly parts: readonly ((cursor: string | undefined) => Promise<Batch>)[];
}

interface Progress {
  readonly job: Job;
  readonly count: number;
  readonly failed: NonNullable<Batch['failed']>;
  readonly state: 'running' | 'stopping' | 'stopped' | 'done' | 'failed';
  readonly error?: ApiError;
}

export interface Bulk {
  readonly progress: Progress | undefined;
  readonly busy: boolean;
  readonly run: (job: Job) => Promise<void>;
  readonly stop: () => void;
  readonly clear: () => void;
}

/** Carries out one job at a time; `after` is called when one ended, however it did. */
export function useBulk(after: () => void): Bulk {
  const [progress, setProgress] = useState<Progress>();
  const stopping = useRef(new AbortController());
  const latest = useRef(after);
  latest.current = after;
  const run = async (job: Job): Promise<void> => {
    const stopped = (stopping.current = new AbortController()).signal;
    let now: Progress = { job, count: 0, failed: [], state: 'running' };
    setProgress(now);
    try {
      for (const part of job.parts) {
        let cursor: string | undefined;
        do {
          const batch = await part(cursor);
          const failed = [...now.failed, ...(batch.failed ?? [])];
          now = { ...now, count: now.count + batch.count, failed };
          setProgress(stopped.aborted ? { ...now, state: 'stopping' } : now);
          cursor = batch.next ?? undefined;
        } while (cursor !== undefined && !stopped.aborted);
        if (stopped.aborted) break;
      }
      setProgress({ ...now, state: stopped.aborted ? 'stopped' : 'done' });
    } catch (error) {
      const fault = error instanceof ApiError ? error : new ApiError(0, String(error));
      setProgress({ ...now, state: 'failed', error: fault });
    }
    latest.current();
  };
  const stop = (): void => {
    stopping.current.abort();
    setProgress((before) => before && { ...before, state: 'stopping' });
  };
  const busy = progress?.state === 'running' || progress?.state === 'stopping';
  return { progress, busy, run, stop, clear: () => setProgress(undefined) };
}

/** How far a job is, with a way to stop it; then what came of it. */
export function BulkProgress({ bulk }: { bulk: Bulk }) {
  const { progress, busy } = bulk;
  return (
    <div class="bulk" role="status">
      {progress && (
        <>
          {busy && <progress aria-label="Progress" max={progress.job.total} value={progress.count} />}
          <span class="grow">{told(progress)}</span>
          {busy ? (
            <button type="button" onClick={bulk.stop} disabled={progress.state === 'stopping'}>
              Stop
            </button>
          ) : (
            <button type="button" onClick={bulk.clear}>
              Dismiss
            </button>
          )}
          {progress.error && <Fault error={progress.error} />}
          {progress.failed.length > 0 && (
            <ul class="failed">
              {progress.failed.slice(0, 20).map(({ id, errors }) => (
                <li key={id}>
                  <a href={`/quarantine/${id}`}>#{id}</a> <bdi>{errors.join(' ')}</bdi>
                </li>
              ))}
              {progress.failed.length > 20 && <li>and {progress.failed.length - 20} more</li>}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

function told({ job, count, failed, state }: Progress): string {
  const done = plural(count, job.one, job.many);
  const not = failed.length > 0 ? ` ${plural(failed.length, 'is', 'are')} as invalid as before.` : '';
  switch (state) {
    case 'running':
      return `${done} of ${job.total} so far …`;
    case 'stopping':
      return `Stopping after this batch: ${done} so far …`;
    case 'stopped':
      return `Stopped: ${done}.${not}`;
    case 'failed':
      return `It did not end: ${done} before the fault below.${not}`;
    case 'done':
      return `${done}.${not}`;
  }
}
