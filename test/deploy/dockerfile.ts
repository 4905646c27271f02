import { readFileSync } from 'node:fs';

import { DockerfileParser, ModifiableInstruction } from 'dockerfile-ast';

/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly keyword: string;
  /** What follows the keyword and its flags, on one line. */
  readonly text: string;
  /** The value of `--from`. */
  readonly from: string | undefined;
}

/** What is between one FROM and the next. */
export interface Stage {
  readonly name: string | undefined;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of the Dockerfile, the last one last. */
export function readStages(): readonly Stage[] {
  const all = DockerfileParser.parse(readFileSync('Dockerfile', 'utf8'))
    .getInstructions()
    .map((instruction): Instruction => {
      const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
      const from = flags.find((flag) => flag.getName() === 'from')?.getValue() ?? undefined;
      return { keyword: instruction.getKeyword(), text: instruction.getArgumentsContent() ?? '', from };
    });
  const starts = all.flatMap(({ keyword }, index) => (keyword === 'FROM' ? [index] : []));
  return starts.map((start, index) => {
    const [from, ...instructions] = all.slice(start, starts[index + 1]);
    const [base = '', , name] = from?.text.split(' ') ?? [];
    return { name, base, instructions };
  });
}

/** The texts of a stage's instructions of one kind. */
export function textsOf({ instructions }: Stage, keyword: string): string[] {
  return instructions.filter((instruction) => instruction.keyword === keyword).map(({ text }) => text);
}

/** The strings of an exec form, such as `["node", "main.js"]`, with or without `CMD` before it. */
export function execForm(text: string): string[] {
  return JSON.parse(text.replace(/^CMD /, '')) as string[];
}

/** Variables of `NAME=value NAME=value`. */
export function environment(text: string): Record<string, string> {
  return Object.fromEntries(text.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
}
