import { encodeCursor, type Page } from '../api/paging.js';

/** Some items, and the position after which the next ones come, if there may be any. */
export interface Slice<T> {
  readonly items: T[];
  readonly next: number | undefined;
}

/** What part of a list is asked for. */
export interface SliceRequest {
  readonly limit: number;
  /** The position where the page before ended. */
  readonly before: number | undefined;
}

/** A slice as the API gives it. */
export function toPage<T>({ items, next }: Slice<T>): Page<T> {
  return { items, next: next === undefined ? null : encodeCursor(next) };
}
