import type { Command } from 'commander';

import { url } from '../api-client/connect.js';
import { ok, skipped, type Check, type CheckState } from '../doctor/check.js';
import { checkClock } from '../doctor/clock.js';
import { checkConfiguration } from '../doctor/configuration.js';
import { checkDataFolder } from '../doctor/data-folder.js';
import { checkPort } from '../doctor/port.js';
import { checkPublicUrl } from '../doctor/public-url.js';
import { checkSecretFiles } from '../doctor/secret-files.js';
import { checkStore, storeFiles } from '../doctor/store.js';
import { readEnvironment } from '../environment.js';
import { EXIT } from '../failure.js';
import { jsonLine, printable } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';
import { pad } from '../terminal/table.js';

interface DoctorOptions {
  readonly publicUrl?: URL;
  readonly clock?: URL;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  interactions-webhook doctor
  interactions-webhook doctor --public-url https://hooks.example/nexus/v3/some/interactions/webhook/path
  interactions-webhook doctor --clock https://hooks.example --json

It reads the configuration as the service does, and changes nothing. Run it where the service runs, as its user.
The probe of --public-url is signed wrong: the service refuses it, and stores nothing.

Exit codes: 0 no fault was found (warnings may be); 1 a fault; 2 the command was not understood.`;

/** Adds `doctor`: whether the service could run here, and can be reached. */
export function addDoctorCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('doctor')
    .description(
      'Check configuration, store, disk, permissions, clock, port and public address, and say what to do.',
    )
    .option('--public-url <url>', "the webhook's address as the vendor has it", url)
    .option('--clock <url>', 'a server whose clock is right (default: that of --public-url)', url)
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => setExitCode(await doctor(options)));
}

async function doctor({ publicUrl, clock, json }: DoctorOptions): Promise<number> {
  const checks: Check[] = [];
  const report = (...found: readonly Check[]): void => {
    checks.push(...found);
    if (!json) for (const check of found) console.log(describe(check));
  };
  const environment = readEnvironment();
  report(ok('node', `Node ${process.versions.node}.`));
  const { checks: found, config } = checkConfiguration(environment);
  report(...found);
  if (config === undefined) {
    report(skipped('other checks', 'Set the configuration right first.'));
  } else {
    report(...checkDataFolder(config.dataDir));
    report(...checkSecretFiles(environment, storeFiles(config.database)));
    report(await checkStore(config));
    report(await checkPort(config));
    report(...(await checkPublicUrl(publicUrl, config.webhookPath)));
  }
  report(await checkClock(clock ?? publicUrl));
  const faults = checks.filter(({ state }) => state === 'fault').length;
  if (json) console.log(jsonLine({ ok: faults === 0, checks }));
  return faults === 0 ? EXIT.ok : EXIT.failed;
}

const SIGNS: Readonly<Record<CheckState, () => string>> = {
  ok: () => paint('green', '✔'),
  warning: () => paint('yellow', '!'),
  fault: () => paint('red', '✖'),
  skipped: () => paint('dim', '-'),
};

const NAME_WIDTH = 13;

function describe({ name, state, told, todo }: Check): string {
  const line = `${SIGNS[state]()} ${pad(name, NAME_WIDTH)}  ${printable(told)}`;
  return todo === undefined ? line : `${line}\n${' '.repeat(NAME_WIDTH + 4)}${printable(todo)}`;
}
