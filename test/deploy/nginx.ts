/** A directive of nginx: its name, its parameters, and what is in its braces. */
export interface Directive {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly block: readonly Directive[] | undefined;
}

/**
 * Reads a configuration of nginx: https://nginx.org/en/docs/beginners_guide.html#conf_structure
 *
 * @throws Error when a brace or a semicolon is missing.
 */
export function parseNginx(text: string): readonly Directive[] {
  const tokens =
    text.match(/#.*|'[^']*'|"[^"]*"|[{};]|[^\s{};'"]+/g)?.filter((token) => !token.startsWith('#')) ?? [];
  let at = 0;
  const block = (end: '}' | undefined): Directive[] => {
    const directives: Directive[] = [];
    while (tokens[at] !== end) {
      const words: string[] = [];
      while (at < tokens.length && !'{};'.includes(tokens[at] as string)) words.push(tokens[at++] as string);
      const [name, ...parameters] = words;
      const mark = tokens[at++];
      if (name === undefined || mark === undefined || mark === '}') {
        throw new Error(`"${words.join(' ')}" does not end with ; or {, before "${mark}".`);
      }
      directives.push({ name, parameters, block: mark === '{' ? block('}') : undefined });
    }
    at++;
    return directives;
  };
  return block(undefined);
}

/** The directives of a name in a block. */
export function named(directives: readonly Directive[] | undefined, name: string): Directive[] {
  return (directives ?? []).filter((directive) => directive.name === name);
}

/** The directives of a block, and those of all blocks in it. */
export function everything(directives: readonly Directive[]): Directive[] {
  return directives.flatMap((directive) => [directive, ...everything(directive.block ?? [])]);
}
