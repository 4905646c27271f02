interface Entry<T> {
  readonly atMs: number;
  readonly number: number;
  readonly value: T;
}

/** What is to happen, by its time; what has the same time, in the order in which it was added. A binary heap. */
export class Agenda<T> {
  private readonly heap: Entry<T>[] = [];
  private added = 0;

  add(atMs: number, value: T): void {
    const entry = { atMs, number: this.added++, value };
    let i = this.heap.length;
    for (let parent = (i - 1) >> 1; i > 0 && before(entry, this.at(parent)); parent = (i - 1) >> 1) {
      this.heap[i] = this.at(parent);
      i = parent;
    }
    this.heap[i] = entry;
  }

  /** Takes what is next away; `undefined` when there is nothing. */
  next(): { readonly atMs: number; readonly value: T } | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || this.heap.length === 0) return first;
    const size = this.heap.length;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < size && before(this.at(child + 1), this.at(child))) child++;
      if (child >= size || !before(this.at(child), last)) break;
      this.heap[i] = this.at(child);
      i = child;
    }
    this.heap[i] = last;
    return first;
  }

  private at(i: number): Entry<T> {
    return this.heap[i] as Entry<T>;
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}
