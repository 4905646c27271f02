import type { Command, Option } from 'commander';

/** One option of a command. */
export interface CompletedOption {
  /** Such as `-n` and `--lines`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly values: readonly string[];
  /** Whether the value is the path of a file. */
  readonly isFile: boolean;
}

/** What can be completed behind one command. */
export interface CompletedCommand {
  /** Without the program itself, such as `quarantine show`; empty: the program. */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** Values that its argument can have. */
  readonly values: readonly string[];
  /** Whether its argument is the path of a file. */
  readonly takesFile: boolean;
}

/** Placeholders that stand for the path of a file. */
const FILES = new Set(['path', 'file']);

/** Every command of a program, from the program itself down, as its help shows it. */
export function commandTree(
  command: Command,
  path: readonly string[] = [],
  siblings: readonly string[] = [],
): CompletedCommand[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const names = below.map((child) => child.name());
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [
    {
      path: path.join(' '),
      description: oneLine(command.description()),
      commands: below.map((child) => ({ name: child.name(), description: oneLine(child.description()) })),
      options: help.visibleOptions(command).map(optionOf),
      // "help" takes the names of the commands beside it.
      values: command.name() === 'help' ? siblings.filter((name) => name !== 'help') : values,
      takesFile: command.registeredArguments.some((argument) => FILES.has(argument.name())),
    },
    ...below.flatMap((child) => commandTree(child, [...path, child.name()], names)),
  ];
}

function optionOf(option: Option): CompletedOption {
  const placeholder = /[<[]([a-z]+)/.exec(option.flags)?.[1] ?? '';
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: oneLine(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
    isFile: FILES.has(placeholder),
  };
}

/** For one line of a list, and in quotes of a shell. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
