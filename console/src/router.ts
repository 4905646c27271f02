import { computed, signal } from '@preact/signals';

const current = signal(new URL(location.href));

/** Path of the page that is shown. */
export const path = computed(() => current.value.pathname);
/** Its query, as one string, so that nothing is loaded again when it is the same. */
const search = computed(() => current.value.search);

/** The query of the page that is shown. */
export function query(): URLSearchParams {
  return new URLSearchParams(search.value);
}

/** Shows another page. */
export function go(to: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  current.value = new URL(location.href);
  if (!replace) scrollTo(0, 0);
}

/** Changes the query of the page that is shown; empty values are left out. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const params = query();
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  go(text === '' ? path.value : `${path.value}?${text}`, { replace: true });
}

/** The path of an interaction's page. */
export function interactionPath(id: string, channel?: string): string {
  const filter = channel === undefined ? '' : `channel=${encodeURIComponent(channel)}`;
  // No URL has these as a segment: browsers take them for steps.
  if (['', '.', '..'].includes(id)) return `/events?interaction=${encodeURIComponent(id)}`;
  return `/interactions/${encodeURIComponent(id.toWellFormed())}${filter && `?${filter}`}`;
}

/** The rest of the path behind a prefix, decoded; `undefined` where there is none. */
export function segmentAfter(prefix: string): string | undefined {
  if (!path.value.startsWith(prefix) || path.value.length === prefix.length) return undefined;
  try {
    return decodeURIComponent(path.value.slice(prefix.length));
  } catch {
    return undefined;
  }
}

/** Follows links of the page without loading it again. Everything below these paths is served by others. */
const ELSEWHERE = /^\/(api|docs|health|metrics)/;

export function followLinks(): void {
  addEventListener('popstate', () => (current.value = new URL(location.href)));
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a');
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return;
    if (ELSEWHERE.test(link.pathname) || link.hash !== '') return;
    event.preventDefault();
    go(link.href);
  });
}
