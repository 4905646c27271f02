import { readFileSync } from 'node:fs';

/** A fenced code block of a page. */
export interface Block {
  readonly language: string;
  /** What stands behind the language: the name of the file that the block is. */
  readonly name: string;
  readonly code: string;
}

const FENCE = /^```(\S+)(?: +(\S+))?\n(.*?)^```$/gms;

/** The code blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const matches = readFileSync(page, 'utf8').matchAll(FENCE);
  return [...matches].map(([, language = '', name = '', code = '']) => ({ language, name, code }));
}

/** The block that is a file of this name. */
export function blockOf(page: string, name: string): string {
  const found = blocksOf(page).filter((block) => block.name === name);
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks named ${name}.`);
  return found[0]?.code ?? '';
}

/** The command lines of a page, in their order. */
export function commandsOf(page: string): string[] {
  return blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'));
}
