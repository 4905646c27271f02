/**
 * One answer for all who ask while it is made, and for a while after: the cost does not grow with the number
 * of those who look.
 *
 * @param ttlMs how long an answer is good for.
 */
export function shared<T>(ttlMs: number, make: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  let madeAt = 0;
  return () => {
    if (last === undefined || performance.now() - madeAt > ttlMs) {
      madeAt = Infinity;
      const made = make();
      last = made;
      made.then(
        () => (madeAt = performance.now()),
        // The next one who asks tries again.
        () => (last = undefined),
      );
    }
    return last;
  };
}
