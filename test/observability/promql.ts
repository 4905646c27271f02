import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression asks for, and what it demands of its labels. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** What an expression asks for. */
export interface Parsed {
  readonly selectors: readonly Selector[];
  /** Labels that it groups by. */
  readonly groupings: readonly string[];
}

/**
 * Parses PromQL with the grammar of Prometheus' own page.
 *
 * @throws Error where it is not well-formed, with the part that is not.
 */
export function parsePromql(expression: string): Parsed {
  const selectors: Selector[] = [];
  const groupings: string[] = [];
  const tree = parser.parse(expression);
  const text = ({ from, to }: { from: number; to: number }): string => expression.slice(from, to);
  tree.iterate({
    enter(node) {
      if (node.type.isError)
        throw new Error(`Not well-formed at ${node.from}: ${expression.slice(node.from)}`);
      if (node.name === 'GroupingLabels') {
        groupings.push(...node.node.getChildren('LabelName').map(text));
      }
      if (node.name !== 'VectorSelector') return;
      const name = node.node.getChild('Identifier');
      if (name === null) throw new Error(`A selector without a metric: ${text(node)}`);
      const matchers = (node.node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(
        (matcher) => {
          const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((kind) => {
            const part = matcher.getChild(kind);
            return part === null ? '' : text(part);
          });
          return { label: label ?? '', operator: operator ?? '', value: JSON.parse(value ?? '""') as string };
        },
      );
      selectors.push({ metric: text(name), matchers });
    },
  });
  return { selectors, groupings };
}
