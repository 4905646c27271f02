/**
 * Builds the sources unless what is built is newer than all of them. `npm run send` needs it: a fresh clone has
 * nothing built, and a whole build before every send would take longer than all else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

const ENTRY = 'dist/cli/main.js';
// Written by every build; its time is that of the last one.
const STAMP = 'dist/.tsbuildinfo';

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestSource() {
  const names = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.ts'));
  return Math.max(...['tsconfig.build.json', ...names.map((name) => join('src', name))].map(modified));
}

// An installation without the sources runs what it has.
const current = existsSync(ENTRY) && (!existsSync('src') || modified(STAMP) > newestSource());
if (!current) {
  if (process.stderr.isTTY) process.stderr.write('Building first …\n');
  // An incremental build writes no file that it believes to be there.
  if (!existsSync(ENTRY)) rmSync(STAMP, { force: true });
  const started = new Date();
  const nest = 'node_modules/@nestjs/cli/bin/nest.js';
  const { status } = spawnSync(process.execPath, [nest, 'build'], { stdio: 'inherit' });
  // A build that finds nothing to do leaves the time as it was, and one that fails sets it all the same.
  if (existsSync(STAMP)) utimesSync(STAMP, started, status === 0 ? started : new Date(0));
  process.exitCode = status ?? 1;
}
