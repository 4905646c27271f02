import { enableCompileCache } from 'node:module';

import { Option, type Command } from 'commander';

import { EXIT } from '../failure.js';
import { watchService } from '../start/watch.js';

interface StartOptions {
  readonly listeners?: string;
  readonly watch?: true;
  readonly watched?: true;
}

const EXAMPLES = `
Examples:
  npx interactions-webhook start
  npx interactions-webhook start --listeners ./listeners/crm.module.js,@acme/genesys-crm
  npx interactions-webhook start --watch --listeners ./      in the folder of a listener's package

Everything else is configured by environment variables, and outside production by .env: docs/configuration.md.`;

/** Adds `start`: the service, in this process or in one that is started anew whenever its code changes. */
export function addStartCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('start')
    .description('Start the service.')
    .option('--listeners <list>', 'listener modules to load, comma-separated; wins over LISTENERS')
    .option('--watch', 'compile the TypeScript of this folder, and start again whenever a listener changes')
    // How --watch starts it.
    .addOption(new Option('--watched').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (options: StartOptions) => {
      if (options.listeners !== undefined) process.env['LISTENERS'] = options.listeners;
      setExitCode(options.watch ? await watchService() : await start(options));
    });
}

async function start({ watched }: StartOptions): Promise<number> {
  if (watched) {
    // A signal can reach it twice, from the terminal and from what watches it: the second must not cut off its stop.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
  }
  // Not before: the other commands need little of what this loads.
  enableCompileCache();
  const service = await import('../../start.js');
  await service.start();
  return EXIT.ok;
}
