import { Command, CommanderError } from 'commander';

import { ConfigError } from '../config/app-config.js';
import { addNewListenerCommand } from './commands/new-listener.js';
import { addSendCommand } from './commands/send.js';
import { addStartCommand } from './commands/start.js';
import { addVerifyCommand } from './commands/verify.js';
import { CommandFailure, EXIT, UsageError } from './failure.js';

/**
 * Runs the command line.
 *
 * @param argv as `process.argv` has it.
 * @returns the exit code.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('interactions-webhook')
    .description('The receiver for the Interactions Webhook, and tools around it.')
    .showHelpAfterError('Run it with --help to see what it takes.')
    // A subcommand's --json is its own, also where its parent has one.
    .enablePositionalOptions()
    .exitOverride();
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  addStartCommand(program, setExitCode);
  addSendCommand(program, setExitCode);
  addNewListenerCommand(program);
  addVerifyCommand(program, setExitCode);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError || error instanceof ConfigError) {
      console.error(error.message);
      return EXIT.usage;
    }
    if (error instanceof CommandFailure) {
      console.error(error.message);
      return error.exitCode;
    }
    throw error;
  }
}
