import type { CompletedCommand, CompletedOption } from './tree.js';

/**
 * The completion for fish.
 *
 * @param program the command that is completed.
 */
export function fishCompletion(program: string, tree: readonly CompletedCommand[]): string {
  const name = `__${program.replaceAll('-', '_')}_at`;
  const steps = tree.flatMap(({ path, commands }) => commands.map((child) => quote(`${path} ${child.name}`)));
  const lines = tree.flatMap(({ path, commands, options, values, takesFile }) => {
    const at = `complete -c ${program} -n ${quote(`${name} ${quote(path)}`)}`;
    return [
      ...(takesFile ? [`${at} -F`] : [`${at} -f`]),
      ...commands.map((child) => `${at} -a ${child.name} -d ${quote(child.description)}`),
      ...(values.length > 0 ? [`${at} -a ${quote(values.join(' '))}`] : []),
      ...options.map((option) => `${at} ${optionArguments(option)}`),
    ];
  });
  return `# fish completion for ${program}
function ${name}
    set -l path ''
    for word in (commandline -opc)[2..]
        switch "$path $word"
            case ${steps.join(' ')}
                set path (string trim "$path $word")
        end
    end
    test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function optionArguments({ flags, description, takesValue, values, isFile }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = !takesValue
    ? []
    : isFile
      ? ['-r -F']
      : values.length > 0
        ? [`-x -a ${quote(values.join(' '))}`]
        : ['-x'];
  return [...names, ...value, `-d ${quote(description)}`].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
