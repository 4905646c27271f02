import { statSync } from 'node:fs';

import { localSecretFile } from '../../config/local-secret.js';
import type { CliEnvironment } from '../environment.js';
import { fault, ok, warning, type Check } from './check.js';

const NAME = 'permissions';
/** Variables whose value is for nobody else. */
const SECRET = /SECRET|TOKEN|API_KEY|DATABASE_URL/;

/**
 * Who can read what is secret, or what customers wrote.
 *
 * @param storeFiles of the store, where it is a file.
 */
export function checkSecretFiles(environment: CliEnvironment, storeFiles: readonly string[]): Check[] {
  if (process.platform === 'win32') return [];
  const { merged, dotenv, dotenvFile } = environment;
  const files = [
    localSecretFile(merged),
    localSecretFile(merged, 'OPERATOR_TOKEN'),
    ...(Object.keys(dotenv).some((name) => SECRET.test(name)) ? [dotenvFile] : []),
    ...storeFiles,
  ];
  const found = files.flatMap(checkFile);
  const named = Object.keys(merged).filter((name) => SECRET.test(name) && name.endsWith('_FILE'));
  const changeable = named.flatMap((name) => checkGiven(name, merged[name] ?? ''));
  return [...found, ...changeable].length > 0
    ? [...found, ...changeable]
    : [ok(NAME, 'Secrets and data can be read by their owner alone.')];
}

function checkFile(file: string): Check[] {
  const mode = modeOf(file);
  if (mode === undefined || (mode & 0o077) === 0) return [];
  const shown = mode.toString(8);
  const todo = `chmod 600 ${file}`;
  if ((mode & 0o007) === 0) return [warning(NAME, `${file} can be read by its group (mode ${shown}).`, todo)];
  return [fault(NAME, `${file} can be read by everybody on this machine (mode ${shown}).`, todo)];
}

/** Whoever mounts a secret decides who may read it; that all may write it is never meant. */
function checkGiven(name: string, file: string): Check[] {
  const mode = modeOf(file);
  if (mode === undefined || (mode & 0o002) === 0) return [];
  return [fault(NAME, `${file}, which ${name} names, can be written by everybody.`, `chmod o-w ${file}`)];
}

function modeOf(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? undefined : found.mode & 0o777;
}
