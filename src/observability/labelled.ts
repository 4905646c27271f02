/**
 * A metric with some of its labels given. What a combination of labels is bound to is made when it is first
 * asked for, and found again without making a string or an object: requests pass here.
 *
 * @example
 * const events = new Labelled((labels) => counter.labels(...labels));
 * events.of('default').of('STARTED').bound.inc();
 */
export class Labelled<C> {
  private readonly children = new Map<string | number, Labelled<C>>();
  private child: C | undefined;

  constructor(
    private readonly bind: (labels: readonly string[]) => C,
    private readonly labels: readonly string[] = [],
  ) {}

  /** With one label more, in the order in which the metric names them. Its values must be bounded. */
  of(value: string | number): Labelled<C> {
    let child = this.children.get(value);
    if (child === undefined) {
      child = new Labelled(this.bind, [...this.labels, String(value)]);
      this.children.set(value, child);
    }
    return child;
  }

  get bound(): C {
    return (this.child ??= this.bind(this.labels));
  }
}
