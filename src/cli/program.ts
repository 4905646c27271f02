import { Command, CommanderError } from 'commander';

import { ConfigError } from '../config/app-config.js';
import { addSendCommand } from './commands/send.js';
import { EXIT, UsageError } from './failure.js';

/**
 * Runs the command line.
 *
 * @param argv as `process.argv` has it.
 * @returns the exit code.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('interactions-webhook')
    .description('Tools around the receiver for the Interactions Webhook.')
    .showHelpAfterError('Run it with --help to see what it takes.')
    .exitOverride();
  addSendCommand(program, (code) => {
    exitCode = code;
  });
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
    throw error;
  }
}
