/** How many times longer an answer is good for than it took to make: it takes a sixth of the time at most. */
const REST = 5;

/**
 * One answer for all who ask while it is made, and for a while after: the cost does not grow with the number
 * of those who look, and hardly with that of what they look at.
 *
 * @param ttlMs how long an answer is good for, at least.
 */
export function shared<T>(ttlMs: number, make: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  let goodUntil = 0;
  return () => {
    const begun = performance.now();
    if (last === undefined || begun > goodUntil) {
      goodUntil = Infinity;
      last = make();
      last.then(
        () => {
          const ended = performance.now();
          goodUntil = ended + Math.max(ttlMs, REST * (ended - begun));
        },
        // The next one who asks tries again.
        () => (last = undefined),
      );
    }
    return last;
  };
}
