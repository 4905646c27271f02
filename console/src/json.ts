const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu;

/**
 * JSON with a line for each member, or `undefined` where it is none. The tokens are those of the text: numbers
 * keep their digits and members of the same name stay, which parsing and printing again would lose.
 */
export function reindent(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(TOKEN) ?? [];
  const out: string[] = [];
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    const empty = (before === '{' && token === '}') || (before === '[' && token === ']');
    if (token === '}' || token === ']') {
      depth--;
      if (!empty) out.push(line());
    } else if (before === '{' || before === '[' || before === ',') {
      out.push(line());
    }
    out.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth++;
  });
  return out.join('');
}
