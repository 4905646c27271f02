import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { freePort } from '../support/free-port.js';
import { Folder, type Command } from './checkout.js';
import { blockOf, blocksOf, commandsOf } from './markdown.js';

const README = 'README.md';
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/console.md',
  'docs/listeners.md',
  'docs/operations.md',
];
/** A build, on a machine that does other things too. */
const SLOW_MS = 120_000;

/** Follows the README as a newcomer would, command by command, in a copy of the checkout. */
describe('the README', () => {
  const commands = commandsOf(README);
  /** The command that begins with this, without what a copy need not do. */
  const command = (start: string): string => {
    const line = commands.find((candidate) => candidate.startsWith(start));
    if (line === undefined) throw new Error(`The README has no command that begins with "${start}".`);
    return line.replace('npm ci && ', '');
  };
  /** A block of text that the README shows as output. */
  const shown = (start: string): string =>
    blocksOf(README).find(({ language, code }) => language === 'text' && code.trim().startsWith(start))
      ?.code ?? '';

  let folder: Folder;
  let port: number;
  let service: Command;
  beforeAll(async () => {
    port = await freePort();
    folder = Folder.checkout({ PORT: String(port) });
    service = folder.start(command('npm ci && npm start'));
    await service.printed(/Send a signed event:\n\n.*\n/);
  }, SLOW_MS);
  afterAll(() => folder.remove(), SLOW_MS);

  it('has no command but those that are tried here', () => {
    expect(commands).toEqual([
      'npm ci && npm start',
      'npm run send',
      'npm ci && npm test',
      'npx tsc -p listeners',
      'LISTENERS=./listeners/crm.module.js npm start',
      'npm run send -- --pair',
    ]);
  });

  it('shows what the service prints', () => {
    const banner = service.output
      .slice(service.output.indexOf('  Webhook'))
      .replaceAll(`:${port}`, ':3000')
      .replaceAll(folder.path, '…')
      // The port is not the one that "npm run send" takes by itself.
      .replace(/(npm run send).*/, '$1');
    expect(banner.startsWith(shown('Webhook'))).toBe(true);
  });

  it('shows what "npm run send" prints', async () => {
    const output = await folder.run(command('npm run send'));
    const answer = output
      .slice(output.indexOf('200 OK'))
      .replace(/in [\d.]+ ms/, 'in 11.5 ms')
      .replace(/"id":"[^"]+"/, '"id":"8e09e19f-b8ba-4db0-b6e7-dfc8a7776176"');
    expect(answer).toBe(shown('200 OK'));
    await service.printed(/"listener":"audit-log".*"Interaction \S+ STARTED"/);
  });

  it('tells where the documentation is', async () => {
    const page = /<(http:\S+\/docs)>/.exec(readFileSync(README, 'utf8'))?.[1] ?? '';
    const answer = await fetch(page.replace(':3000', `:${port}`));
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('swagger-ui')]);
  });

  it('has a test command that is this one', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(command('npm ci && npm test')).toBe('npm test');
    expect(scripts['test']).toContain('jest');
  });

  it(
    'has a listener that runs as it stands there',
    async () => {
      await service.stop();
      for (const name of ['listeners/tsconfig.json', 'listeners/crm.module.ts']) {
        folder.write(name, blockOf(README, name));
      }
      await folder.run(command('npx tsc'));
      service = folder.start(command('LISTENERS='));
      await service.printed(/Listening on/);
      const sent = await folder.run(command('npm run send -- --pair'));
      const id = /"id":"([^"]+)"/.exec(sent)?.[1];
      await service.printed(
        new RegExp(`"listener":"crm-close-case".*"Closing the case of ${id} \\(crm-close-case:\\d+\\)"`),
      );
    },
    SLOW_MS,
  );

  it('ends as it says: with Ctrl-C, and nothing left claimed', async () => {
    await service.stop();
    const sqlite = new Database(join(folder.path, 'data/interactions.db'));
    expect(sqlite.prepare('select count(*) as workers from workers').get()).toEqual({ workers: 0 });
    sqlite.close();
  });
});

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

describe.each(PAGES)('%s', (page) => {
  it('links to nothing that is not there', () => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const missing = links.filter(([, to = '', anchor]) => {
      if (/^https?:/.test(to)) return false;
      const target = to === '' ? page : join(dirname(page), to);
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(missing).toEqual([]);
  });
});
