import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { AppConfig } from '../../src/config/app-config.js';
import { VARIABLES } from '../../src/config/variables.js';

const page = readFileSync('docs/configuration.md', 'utf8');

/** The rows of the page's tables of variables: name, default, meaning. */
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$/gm)].map(([, ...cells]) => cells);

/** A default as the page writes it. */
function written(fallback: string | undefined): string {
  if (fallback === undefined) return 'none';
  return fallback === '' ? 'empty' : `\`${fallback}\``;
}

describe('docs/configuration.md', () => {
  it('has every variable once, and no other', () => {
    expect(rows.map(([name]) => name).toSorted()).toEqual(Object.keys(VARIABLES).toSorted());
  });

  it.each(Object.entries(VARIABLES))('says the default and the meaning of %s', (name, variable) => {
    expect(rows).toContainEqual([name, written(variable.default), variable.meaning]);
  });

  it('shows the message that a faulty configuration really gets', () => {
    const [, assignments, shown] = /^\$ (.+) npm start\n([^`]+)\n```$/m.exec(page) ?? [];
    const env = Object.fromEntries(assignments?.split(' ').map((pair) => pair.split('=')) ?? []) as object;
    expect(() => AppConfig.load({ ...env })).toThrow(new Error(shown));
  });
});
