/** A way in which a program writes JSON. */
export interface JsonStyle {
  readonly name: string;
  readonly write: (value: unknown) => string;
}

interface Layout {
  readonly name: string;
  /** One level of indentation; absent: all in one line. */
  readonly indent?: string;
  readonly colon: string;
  readonly comma: string;
  /** Whether arrays stand in one line although objects do not. */
  readonly inlineArrays?: true;
}

const LAYOUTS: readonly Layout[] = [
  { name: 'minified', colon: ':', comma: ',' },
  { name: 'in one line with spaces, as Python writes it', colon: ': ', comma: ', ' },
  { name: 'indented by 2 spaces', indent: '  ', colon: ': ', comma: ',' },
  { name: 'indented by 4 spaces', indent: '    ', colon: ': ', comma: ',' },
  { name: 'indented by tabs', indent: '\t', colon: ': ', comma: ',' },
  { name: 'indented as Jackson (Java) does', indent: '  ', colon: ' : ', comma: ',', inlineArrays: true },
];

const ASCII = /[\u0080-\uffff]/g;

const ESCAPES: readonly { readonly name: string; readonly escape: (json: string) => string }[] = [
  { name: '', escape: (json) => json },
  { name: 'other than ASCII escaped', escape: (json) => json.replace(ASCII, unicode) },
  { name: 'slashes escaped, as PHP writes them', escape: (json) => json.replaceAll('/', '\\/') },
  {
    name: 'slashes and other than ASCII escaped, as PHP writes them',
    escape: (json) => json.replaceAll('/', '\\/').replace(ASCII, unicode),
  },
  {
    name: '<, > and & escaped, as Go writes them',
    escape: (json) => json.replace(/[<>&\u2028\u2029]/g, unicode),
  },
];

const ORDERS = [
  { name: '', sort: false },
  { name: 'keys sorted', sort: true },
] as const;

const ENDS = [
  { name: '', end: '' },
  { name: 'a newline at the end', end: '\n' },
] as const;

/** The ways in which common programs write JSON, the most common ones first. */
export const JSON_STYLES: readonly JsonStyle[] = ORDERS.flatMap((order) =>
  ESCAPES.flatMap((escapes) =>
    ENDS.flatMap((ends) =>
      LAYOUTS.map((layout) => ({
        name: [layout.name, escapes.name, order.name, ends.name].filter((name) => name !== '').join('; '),
        write: (value: unknown) => write(value, layout, order.sort, escapes.escape) + ends.end,
      })),
    ),
  ),
);

function write(
  value: unknown,
  layout: Layout,
  sort: boolean,
  escape: (json: string) => string,
  depth = 0,
): string {
  if (typeof value !== 'object' || value === null) return escape(JSON.stringify(value));
  const inline = layout.indent === undefined || (Array.isArray(value) && layout.inlineArrays);
  const inner = inline && layout.indent !== undefined ? depth : depth + 1;
  const nested = (child: unknown): string => write(child, layout, sort, escape, inner);
  const parts = Array.isArray(value)
    ? value.map(nested)
    : entriesOf(value, sort).map(
        ([key, child]) => `${escape(JSON.stringify(key))}${layout.colon}${nested(child)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return layout.inlineArrays ? `${open} ${close}` : open + close;
  if (layout.indent === undefined) return open + parts.join(layout.comma) + close;
  if (inline) return `${open} ${parts.join(', ')} ${close}`;
  const line = `\n${layout.indent.repeat(depth + 1)}`;
  return `${open}${line}${parts.join(`,${line}`)}\n${layout.indent.repeat(depth)}${close}`;
}

function entriesOf(value: object, sort: boolean): [string, unknown][] {
  const entries = Object.entries(value) as [string, unknown][];
  return sort ? entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) : entries;
}

function unicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
