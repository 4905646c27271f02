import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { cli, Folder } from './command-line.js';

describe('completion', () => {
  const folder = new Folder();
  const scripts = new Map<string, string>();
  beforeAll(async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, stdout, stderr } = await cli(['completion', shell]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      scripts.set(shell, stdout);
    }
    writeFileSync(folder.file('completion.bash'), scripts.get('bash') ?? '');
    writeFileSync(folder.file('body.json'), '');
    mkdirSync(folder.file('bodies of june'));
  });
  afterAll(() => folder.remove());

  /** What bash offers for the last word, by the function that it calls itself for that. */
  function offered(...words: readonly string[]): string[] {
    const ask = [
      'source ./completion.bash',
      'set -u',
      '[[ $(complete -p interactions-webhook) == "complete -F _interactions_webhook interactions-webhook" ]] || exit 9',
      'COMP_WORDS=(interactions-webhook "$@"); COMP_CWORD=$#',
      '_interactions_webhook',
      'printf "%s\\n" "${COMPREPLY[@]-}"',
    ].join('\n');
    const output = execFileSync('bash', ['--norc', '-c', ask, 'bash', ...words], { cwd: folder.path });
    return output.toString().trimEnd().split('\n').toSorted();
  }

  it('offers the commands in bash', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['start', 'send', 'tail', 'quarantine', 'help']));
    expect(offered('qu')).toEqual(['quarantine']);
    expect(offered('help', 're')).toEqual(['replay', 'retry']);
  });

  it('offers the subcommands of a command, and no others', () => {
    expect(offered('quarantine', '')).toEqual(['discard', 'reprocess', 'show']);
    expect(offered('listeners', '--json', 'p')).toEqual(['pause']);
    expect(offered('send', '')).toEqual(['']);
  });

  it('offers the options of the command that stands there, through its subcommands', () => {
    expect(offered('events', '--e')).toEqual(['--export']);
    expect(offered('events', 'show', '--e')).toEqual(['']);
    expect(offered('quarantine', 'discard', '12', '--d')).toEqual(['--dry-run']);
    expect(offered('quarantine', '--d')).toEqual(['']);
  });

  it('offers the values that an option or an argument can have', () => {
    expect(offered('events', '--export', '')).toEqual(['csv', 'ndjson']);
    expect(offered('completion', 'z')).toEqual(['zsh']);
  });

  it('offers files where a path is asked for, also with spaces in their names, and nothing where a text is', () => {
    expect(offered('send', '--file', 'bod')).toEqual(['bodies of june', 'body.json']);
    expect(offered('verify', 'body')).toEqual(['body.json']);
    expect(offered('send', '--trace-id', 'bod')).toEqual(['']);
  });

  it.each(['bash', 'zsh', 'fish'])('has every command and option of the help for %s', async (shell) => {
    const script = scripts.get(shell) ?? '';
    const { stdout } = await cli(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
    expect(commands).toEqual(expect.arrayContaining(['start', 'completion', 'replay']));
    for (const name of [...commands, 'reprocess']) expect(script).toMatch(new RegExp(`\\b${name}\\b`));
    for (const option of ['wrong-signature', 'token-file', 'dry-run']) {
      expect(script).toContain(shell === 'fish' ? `-l ${option} ` : `--${option}`);
    }
  });

  it('ends with 2 for another shell, and names those that there are', async () => {
    const ended = await cli(['completion', 'tcsh']);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Allowed choices are bash, zsh, fish');
  });
});
