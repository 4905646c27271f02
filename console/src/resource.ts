import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { ApiError, getPage, type Query } from './api.js';
import { subscribe, type Note } from './stream.js';

/** Something that is loaded. What was loaded before stays while it is loaded again. */
export interface Resource<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

interface State<T> {
  readonly data?: T | undefined;
  /** The key that `data` was loaded for. */
  readonly of?: string;
  readonly error?: ApiError | undefined;
  readonly loading: boolean;
}

/**
 * Loads, and again whenever `key` changes. What was loaded for the key before is shown until then, so that
 * nothing jumps; but not beside an error, where it would be taken for what was asked for.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ loading: true });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController | undefined>(undefined);
  const reload = useCallback(() => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    setState((before) => ({ ...before, loading: true }));
    latest.current(signal).then(
      (data) => {
        if (!signal.aborted) setState({ data, of: key, loading: false });
      },
      (fault: unknown) => {
        if (signal.aborted) return;
        const error = fault instanceof ApiError ? fault : new ApiError(0, String(fault));
        setState((before) => ({ ...(before.of === key && before), error, loading: false }));
      },
    );
  }, [key]);
  useEffect(() => {
    reload();
    return () => running.current?.abort();
  }, [reload]);
  const { data, error, loading } = state;
  return { data, error, loading, reload };
}

/** A list that is loaded page by page. */
export interface Pages<T> extends Resource<T[]> {
  readonly more: boolean;
  readonly loadMore: () => void;
}

/** Loads the first page of a list, and the next ones behind it when asked. */
export function usePages<T>(path: string, query: Query): Pages<T> {
  const key = JSON.stringify([path, query]);
  const [rest, setRest] = useState<{ of: unknown; items: T[]; next: string | null; error?: ApiError }>();
  const first = useResource(key, (signal) => getPage<T>(path, query, signal));
  // Behind another first page, they would not be the next ones.
  const behind = rest?.of === first.data ? rest : undefined;
  const next = behind === undefined ? (first.data?.next ?? null) : behind.next;
  const items = behind?.items ?? [];
  const loadMore = (): void => {
    if (next === null) return;
    const of = first.data;
    getPage<T>(path, { ...query, cursor: next }).then(
      (page) => setRest({ of, items: [...items, ...page.items], next: page.next }),
      (error: unknown) => setRest({ of, items, next, error: error as ApiError }),
    );
  };
  return {
    ...first,
    error: behind?.error ?? first.error,
    data: first.data && [...first.data.items, ...items],
    more: next !== null,
    loadMore,
  };
}

/** Views are brought up to date at most this often, however much happens. */
const LIVE_MS = 1_000;

/** Calls `reload` soon after something happened that concerns the view, and after a reconnection. */
export function useLive(reload: () => void, concerns: (note: Note) => boolean): void {
  const latest = useRef({ reload, concerns });
  latest.current = { reload, concerns };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = subscribe((note) => {
      if (timer !== undefined) return;
      if (note.kind !== 'reconnected' && !latest.current.concerns(note)) return;
      timer = setTimeout(() => {
        timer = undefined;
        latest.current.reload();
      }, LIVE_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, []);
}

/** Calls `reload` every `ms` while the page is seen. */
export function useInterval(reload: () => void, ms: number): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/** Counts what came since a list was loaded; `show` loads it again. */
export function useNewer(
  pages: Resource<unknown>,
  concerns: (note: Note) => boolean,
): { readonly count: number; readonly show: () => void } {
  const [count, setCount] = useState(0);
  const latest = useRef({ concerns, reload: pages.reload });
  latest.current = { concerns, reload: pages.reload };
  useEffect(() => {
    let fresh = 0;
    const end = subscribe((note) => {
      if (note.kind === 'reconnected') latest.current.reload();
      else if (latest.current.concerns(note)) fresh++;
    });
    // Not with each of thousands a second.
    const timer = setInterval(() => {
      if (fresh > 0) setCount((before) => before + fresh);
      fresh = 0;
    }, LIVE_MS / 2);
    return () => {
      end();
      clearInterval(timer);
    };
  }, []);
  // Whatever was loaded just now has all that came before.
  useEffect(() => setCount(0), [pages.reload]);
  const show = (): void => {
    setCount(0);
    pages.reload();
  };
  return { count, show };
}
