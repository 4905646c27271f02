import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

import type { Environment } from '../config/app-config.js';
import { UsageError } from './failure.js';

/** The variables that a command sees: those of the process, and those of `.env` as the service reads it. */
export interface CliEnvironment {
  readonly process: Environment;
  readonly dotenv: Environment;
  /** Both; the process's own win, as they do in the service. */
  readonly merged: Environment;
  /** The file of `dotenv`, and why it gave nothing where it gave nothing. */
  readonly dotenvFile: string;
  readonly dotenvNote: 'read' | 'no such file' | 'not read in production';
}

/** Reads the environment, and outside production the `.env` of the working directory. */
export function readEnvironment(): CliEnvironment {
  const dotenvFile = resolve('.env');
  const variables: Environment = { ...process.env };
  const { dotenv, dotenvNote } = readDotenv(dotenvFile, variables);
  return { process: variables, dotenv, merged: { ...dotenv, ...variables }, dotenvFile, dotenvNote };
}

function readDotenv(file: string, variables: Environment): Pick<CliEnvironment, 'dotenv' | 'dotenvNote'> {
  if (variables['NODE_ENV'] === 'production') return { dotenv: {}, dotenvNote: 'not read in production' };
  try {
    return { dotenv: parseEnv(readFileSync(file, 'utf8')), dotenvNote: 'read' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { dotenv: {}, dotenvNote: 'no such file' };
    throw new UsageError(`${file} cannot be read (${code ?? message}).`);
  }
}
