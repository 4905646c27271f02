import type { CompletedCommand, CompletedOption } from './tree.js';

/**
 * The completion for zsh.
 *
 * @param program the command that is completed.
 */
export function zshCompletion(program: string, tree: readonly CompletedCommand[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const functions = tree.map((command) => zshFunction(name, command));
  return `#compdef ${program}
# zsh completion for ${program}
${functions.join('\n')}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
}

function zshFunction(name: string, command: CompletedCommand): string {
  const { path, commands, options, values, takesFile } = command;
  const own = functionOf(name, path);
  const specs = options.map(optionSpec);
  if (commands.length === 0) {
    const rest = takesFile
      ? ["'*:file:_files'"]
      : values.length > 0
        ? [`'*:value:(${values.join(' ')})'`]
        : [];
    return `${own}() { _arguments -s ${[...specs, ...rest].join(' ')} }`;
  }
  const described = commands.map((child) => quote(`${child.name}:${child.description}`)).join(' ');
  const cases = commands.map(
    (child) => `${child.name}) ${functionOf(name, `${path} ${child.name}`.trim())} ;;`,
  );
  return `${own}() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -s -C ${specs.join(' ')} '1: :->command' '*:: :->arguments'
  case $state in
    command) local -a commands=(${described}); _describe 'command' commands ;;
    arguments) case $line[1] in ${cases.join(' ')} esac ;;
  esac
}`;
}

function functionOf(name: string, path: string): string {
  return path === '' ? name : `${name}__${path.replaceAll(/[ -]/g, '_')}`;
}

function optionSpec({ flags, description, takesValue, values, isFile }: CompletedOption): string {
  const told = `[${description.replace(/[[\]\\:]/g, '\\$&')}]`;
  const action = isFile ? '_files' : values.length > 0 ? `(${values.join(' ')})` : ' ';
  const value = takesValue ? `:value:${action}` : '';
  const exclusive = flags.length > 1 ? `(${flags.join(' ')})` : '';
  return flags.map((flag) => quote(`${exclusive}${flag}${told}${value}`)).join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
