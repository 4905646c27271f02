import type { CompletedCommand } from './tree.js';

/**
 * The completion for bash. It has no descriptions: bash shows none.
 *
 * @param program the command that is completed.
 */
export function bashCompletion(program: string, tree: readonly CompletedCommand[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const steps = tree.flatMap(({ path, commands }) => commands.map((child) => pattern(path, child.name)));
  const values = tree.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map((option) => {
        const patterns = option.flags.map((flag) => pattern(path, flag)).join('|');
        const reply = option.isFile
          ? `${name}_files`
          : `COMPREPLY=($(compgen -W '${option.values.join(' ')}' -- "$cur"))`;
        return `    ${patterns}) ${reply}; return ;;`;
      }),
  );
  const words = tree.map(({ path, commands, options, values: choices, takesFile }) => {
    const flags = options.flatMap((option) => option.flags.slice(-1));
    const own = [...commands.map((child) => child.name), ...choices];
    return `    '${path}') flags='${flags.join(' ')}' words='${own.join(' ')}'${takesFile ? ' files=1' : ''} ;;`;
  });
  return `# bash completion for ${program}
${name}_files() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$cur"))
}
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= flags= words= files= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${steps.join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ $files ]]; then ${name}_files
  else COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -F ${name} ${program}
`;
}

/** A command or option behind a path, as a pattern of "case". */
function pattern(path: string, word: string): string {
  return `'${path} ${word}'`;
}
