import type { ComponentChildren } from 'preact';

import type { ApiError } from '../api.js';
import type { Resource } from '../resource.js';

/** Nothing to show: why, and what can be done. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** What went wrong, and a way to try again. */
export function Fault({ error, retry }: { error: ApiError; retry?: (() => void) | undefined }) {
  return (
    <div class="fault" role="alert">
      <p>{error.message}</p>
      {error.errors.length > 0 && (
        <ul>
          {error.errors.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What was loaded, or that it is loaded, or why it cannot be. */
export function Loaded<T>({
  from,
  children,
}: {
  from: Resource<T>;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, reload } = from;
  return (
    <>
      {error && <Fault error={error} retry={reload} />}
      {data !== undefined && children(data)}
      {data === undefined && !error && <p class="loading">Loading …</p>}
    </>
  );
}
