/**
 * Builds the page into dist/console, unless what is built is newer than all that it is made of: `npm start` is
 * not to wait for it.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = import.meta.dirname;
const BUILT = join(SOURCES, '../dist/console/index.html');
// The versions of its libraries.
const LIBRARIES = join(SOURCES, '../package.json');

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const files = readdirSync(SOURCES, { recursive: true }).map((name) => join(SOURCES, name));
if (modified(BUILT) <= Math.max(...[LIBRARIES, ...files].map(modified))) {
  const { build } = await import('vite');
  await build({ configFile: join(SOURCES, 'vite.config.ts'), logLevel: 'warn' });
}
