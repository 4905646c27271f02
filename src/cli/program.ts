import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { ConfigError } from '../config/app-config.js';
import { addBackupCommand } from './commands/backup.js';
import { addCompletionCommand } from './commands/completion.js';
import { addCopyCommand } from './commands/copy.js';
import { addDeadCommand } from './commands/dead.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addEventsCommand } from './commands/events.js';
import { addInteractionCommand } from './commands/interaction.js';
import { addListenersCommand } from './commands/listeners.js';
import { addMigrateCommand } from './commands/migrate.js';
import { addNewListenerCommand } from './commands/new-listener.js';
import { addQuarantineCommand } from './commands/quarantine.js';
import { addReplayCommand } from './commands/replay.js';
import { addDiscardCommand, addRetryCommand } from './commands/retry.js';
import { addSendCommand } from './commands/send.js';
import { addSimulateCommand } from './commands/simulate.js';
import { addStartCommand } from './commands/start.js';
import { addTailCommand } from './commands/tail.js';
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
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const program = new Command('interactions-webhook')
    .description('The receiver for the Interactions Webhook, and tools around it.')
    .version(version, '-V, --version', 'print the version of the service and of this command line')
    .showHelpAfterError('Run it with --help to see what it takes.')
    // A subcommand's --json is its own, also where its parent has one.
    .enablePositionalOptions()
    .exitOverride();
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  endOnClosedPipe();
  addCommands(program, setExitCode);
  for (const command of program.commands) command.hook('preSubcommand', refuseMisplacedOptions);
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

function addCommands(program: Command, setExitCode: (code: number) => void): void {
  program.commandsGroup('To run and to build:');
  addStartCommand(program, setExitCode);
  addNewListenerCommand(program);
  addCompletionCommand(program);
  program.helpCommand('help [command]', 'Show what a command takes, as its --help does.');
  program.commandsGroup('To keep the store:');
  addMigrateCommand(program);
  addBackupCommand(program);
  addCopyCommand(program);
  program.commandsGroup('To try and to check:');
  addSendCommand(program, setExitCode);
  addSimulateCommand(program, setExitCode);
  addVerifyCommand(program, setExitCode);
  addDoctorCommand(program, setExitCode);
  program.commandsGroup('To see what happens in a running service:');
  addTailCommand(program);
  addEventsCommand(program);
  addInteractionCommand(program);
  addListenersCommand(program);
  addDeadCommand(program);
  addQuarantineCommand(program, setExitCode);
  program.commandsGroup('To act on it:');
  addRetryCommand(program, setExitCode);
  addDiscardCommand(program, setExitCode);
  addReplayCommand(program, setExitCode);
}

/**
 * With positional options, what stands before a subcommand is the parent's, and the subcommand would go on without
 * it: to another service, or to more than was meant.
 */
function refuseMisplacedOptions(parent: Command, subcommand: Command): void {
  const given = parent.options.find(
    (option) => parent.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (given === undefined) return;
  const flag = given.long ?? given.flags;
  const line = `interactions-webhook ${parent.name()} ${subcommand.name()}`;
  const taken = subcommand.options.some(({ long }) => long === given.long);
  throw new UsageError(
    taken
      ? `${flag} belongs behind "${subcommand.name()}": ${line} ${flag}${given.isBoolean() ? '' : ' …'}`
      : `"${parent.name()} ${subcommand.name()}" does not take ${flag}. See what it takes: ${line} --help`,
  );
}

/** Whoever reads may have enough, as "head" has: that is no fault. */
function endOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
}
