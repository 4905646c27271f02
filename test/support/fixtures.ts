import { readFileSync } from 'node:fs';

/** The bytes of a file in `test/fixtures`. */
export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
