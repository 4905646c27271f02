import { Argument, type Command } from 'commander';

import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import { commandTree } from '../completion/tree.js';
import { zshCompletion } from '../completion/zsh.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

const EXAMPLES = `
Examples:
  source <(interactions-webhook completion bash)       in ~/.bashrc
  source <(interactions-webhook completion zsh)        in ~/.zshrc, behind compinit
  interactions-webhook completion fish > ~/.config/fish/completions/interactions-webhook.fish

What is completed is the command "interactions-webhook", which has to be on the PATH:
"npm install --global interactions-webhook", or an alias of "npx interactions-webhook".

Exit codes: 0 printed; 2 the command was not understood.`;

/** Adds `completion`: a script with which a shell completes the commands and options of the program itself. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('Print a script with which a shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'that is to complete').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](program.name(), commandTree(program)));
    });
}
