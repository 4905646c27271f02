import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { cli } from './command-line.js';

/** Sections that hold for every command that asks a service. */
const SHARED = ['Asking a running service', 'Picking events', 'Before many are changed'];
/** Each command, and the section of docs/cli.md about it. */
const COMMANDS: readonly (readonly [command: string, section: string])[] = [
  ['tail', 'tail'],
  ['events', 'events'],
  ['events show', 'events'],
  ['interaction', 'interaction'],
  ['listeners', 'listeners'],
  ['listeners pause', 'listeners'],
  ['listeners resume', 'listeners'],
  ['dead', 'dead'],
  ['retry', 'retry and discard'],
  ['discard', 'retry and discard'],
  ['replay', 'replay'],
  ['replay list', 'replay'],
  ['replay watch', 'replay'],
  ['replay cancel', 'replay'],
  ['quarantine', 'quarantine'],
  ['quarantine show', 'quarantine'],
  ['quarantine reprocess', 'quarantine'],
  ['quarantine discard', 'quarantine'],
  ['doctor', 'doctor'],
  ['completion', 'completion'],
];

const OPTION = /--[a-z]+(-[a-z]+)*/g;

describe('the help of a command', () => {
  const helps = new Map<string, string>();
  const sections = new Map<string, string>();
  beforeAll(async () => {
    // In turn: many at once would only wait for each other.
    for (const [command] of COMMANDS) {
      const { code, stdout, stderr } = await cli([...command.split(' '), '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      helps.set(command, stdout);
    }
    for (const section of readFileSync('docs/cli.md', 'utf8')
      .split(/\n##+ /)
      .slice(1)) {
      sections.set(section.slice(0, section.indexOf('\n')), section);
    }
  }, 60_000);

  const optionsOf = (command: string): string[] =>
    helps
      .get(command)
      ?.match(/(?<=^ {2}|^ {2}-\w, )--[a-z]+(-[a-z]+)*/gm)
      ?.filter((option) => option !== '--help') ?? [];

  it.each(COMMANDS)('%s has examples and exit codes', (command) => {
    expect(helps.get(command)).toMatch(
      new RegExp(`\\nExamples?:\\n(.*\\n)*? {2}(source <\\()?interactions-webhook ${command}`),
    );
    expect(helps.get(command)).toMatch(/\nExit codes: 0 /);
  });

  it.each(COMMANDS)('%s has options that docs/cli.md all names', (command, section) => {
    // What "retry" picks by is said of "dead".
    const places = [section, ...SHARED, ...(section === 'retry and discard' ? ['dead'] : [])];
    const documented = places.flatMap((place) => sections.get(place)?.match(OPTION) ?? []);
    expect(documented).toEqual(expect.arrayContaining(optionsOf(command)));
  });

  it('has every option that docs/cli.md names of these commands', () => {
    const known = new Set(COMMANDS.flatMap(([command]) => optionsOf(command)));
    const places = new Set([...SHARED, ...COMMANDS.map(([, section]) => section)]);
    const documented = [...places].flatMap((place) => sections.get(place)?.match(OPTION) ?? []);
    expect(documented.length).toBeGreaterThan(50);
    // Of npm.
    expect(documented.filter((option) => !known.has(option) && option !== '--global')).toEqual([]);
  });
});

describe('the version', () => {
  it('is that of the package, and the help says how to get it', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await cli(['--help'])).stdout).toMatch(/^ {2}-V, --version {2,}print the version/m);
  });
});
