import type { Pages } from '../resource.js';

/** The way to the next page of a list, and to what came since the first was loaded. */
export function More<T>({ pages }: { pages: Pages<T> }) {
  if (!pages.more) return null;
  return (
    <div class="more">
      <button type="button" onClick={pages.loadMore}>
        Show more
      </button>
    </div>
  );
}

/** Says that something new came, without moving what is read; its place is always there. */
export function Newer({ count, show }: { count: number; show: () => void }) {
  return (
    <span class="newer">
      {count > 0 && (
        <button type="button" class="pill" onClick={show}>
          {count > 99 ? '99+' : count} new – show
        </button>
      )}
    </span>
  );
}
