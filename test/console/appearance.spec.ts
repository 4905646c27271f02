import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';

import { ListenerSampler } from '../../src/operations/listeners/listeners-sampler.js';
import { openBrowser } from '../support/browser.js';
import { Recorder } from '../support/listeners.js';
import { TOKENS } from '../support/operators.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Console } from './console.js';

const SLOW_MS = 60_000;
const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
/** Each view, and what is on it once it has loaded. */
const VIEWS = [
  ['overview', '/', 'Needs attention:'],
  ['interactions', '/interactions', 'interaction of a chat'],
  ['interaction', '/interactions/interaction%20of%20a%20chat', 'The CRM is gone.'],
  ['events', '/events', 'interaction of a chat'],
  ['event', '/events/1', '"entities": ['],
  ['listeners', '/listeners', 'paused'],
  ['listener', '/listeners/crm', 'Attempts per minute'],
  ['dead letters', '/dead-letters', 'interaction of a chat'],
  ['quarantine', '/quarantine', '#1'],
  ['quarantined payload', '/quarantine/1', 'Why it is not valid'],
  ['settings', '/settings', 'What operators did'],
  ['nothing found', '/interactions/unknown', 'No event of this interaction is in the store.'],
] as const;
const READERS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
] as const;

let service: TestService;
let browser: Browser;

beforeAll(async () => {
  const crm = new Recorder('crm');
  const archive = new Recorder('archive');
  crm.handle = ({ interactionId }) => {
    if (interactionId === 'interaction of a chat') throw new Error('The CRM is gone.');
  };
  service = await TestService.start(TOKENS, {
    listeners: [crm.module({ attempts: 2 }), archive.module()],
  });
  // A few, for what axe takes grows with them.
  for (let i = 0; i < 3; i++) await service.post(payload('STARTED'));
  await service.post(payload('STARTED', 'interaction of a chat'));
  await service.post({ data: { entities: [{ event: 'STARTED', entity: { id: 'x', mediaType: 'fax' } }] } });
  await until(() => crm.seen.length === 5);
  await service.send('POST', '/api/v1/listeners/archive/pause', undefined, {
    authorization: `Bearer ${TOKENS.OPERATOR_TOKEN}`,
    'x-requested-by': 'tests',
  });
  await service.get(ListenerSampler).sample();
  browser = await openBrowser();
}, SLOW_MS);
afterAll(async () => {
  await browser.close();
  await service.stop();
}, SLOW_MS);

/** What axe finds that keeps somebody from using the view. */
async function faults(ui: Console): Promise<string[]> {
  await ui.page.evaluate(AXE);
  const { violations } = await ui.page.evaluate<AxeResults>('axe.run()');
  return violations.map(
    ({ impact, id, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join()}`,
  );
}

describe.each(READERS)('in a %s window, the page', (name, reader) => {
  let ui: Console;
  beforeAll(async () => {
    ui = await Console.open(browser, service.port, reader);
  });
  afterAll(() => ui.close());

  it('asks for a token in a form that anybody can use', async () => {
    await ui.visit('/');
    await ui.page.getByLabel('Token').waitFor();
    await ui.screenshot(`sign-in ${name}`);
    expect(await faults(ui)).toEqual([]);
    await ui.enter(TOKENS.OPERATOR_TOKEN);
    await ui.live();
  });

  it.each(VIEWS)('shows %s without a fault for axe', async (view, path, text) => {
    await ui.visit(path);
    await ui.page.getByText(text).first().waitFor();
    await ui.live();
    await ui.screenshot(`${view} ${name}`);
    expect(await faults(ui)).toEqual([]);
    const wider = await ui.page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(wider).toBe(0);
  });

  it('has nothing to complain about', () => {
    expect(ui.complaints).toEqual([]);
  });
});

describe('on a phone, the page', () => {
  let ui: Console;
  beforeAll(async () => {
    ui = await Console.open(browser, service.port, { viewport: { width: 360, height: 740 } });
    await ui.signIn();
  });
  afterAll(() => ui.close());

  it.each(VIEWS)('shows %s no wider than the screen', async (view, path, text) => {
    await ui.visit(path);
    await ui.page.getByText(text).first().waitFor();
    await ui.live();
    await ui.screenshot(`${view} narrow`);
    expect(await ui.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('has its menu behind a button', async () => {
    await ui.button('Menu').click();
    await ui.page.getByRole('link', { name: 'Listeners', exact: true }).click();
    await ui.page.getByText('delivering').first().waitFor();
    expect(await ui.page.getByRole('navigation').isVisible()).toBe(false);
  });
});

describe('the reader', () => {
  it('sees times in their zone, and the exact one when pointing at it', async () => {
    const ui = await Console.open(browser, service.port, { timezoneId: 'Asia/Kathmandu' });
    await ui.signIn('/events/1');
    const time = ui.page.locator('time').first();
    const at = new Date((await time.getAttribute('datetime')) ?? '');
    const local = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Kathmandu' });
    expect(await time.innerText()).toContain(local.format(at));
    expect(await time.getAttribute('title')).toBe(`${at.toISOString().replace('T', ' ').slice(0, -1)} UTC`);
    await ui.close();
  });

  it('chooses the theme, and finds it again', async () => {
    const ui = await Console.open(browser, service.port, { colorScheme: 'light' });
    const ground = (): Promise<string> =>
      ui.page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await ui.signIn();
    const light = await ground();
    await ui.button('Theme: auto').click();
    await ui.button('Theme: light').click();
    await ui.button('Theme: dark').waitFor();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await ui.page.reload();
    await ui.live();
    expect(await ground()).toBe(dark);
    await ui.close();
  });

  it('gets by with the keyboard: past the menu, along it, and to what a view begins with', async () => {
    const ui = await Console.open(browser, service.port);
    await ui.signIn();
    await ui.page.keyboard.press('Tab');
    expect(await ui.page.locator(':focus').innerText()).toBe('Skip to content');
    const outline = await ui.page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await ui.page.getByRole('link', { name: 'Settings' }).focus();
    await ui.page.keyboard.press('Enter');
    await ui.page.getByText('What operators did').waitFor();
    expect(await ui.page.locator('h1:focus').innerText()).toBe('Settings');
    await ui.page.goBack();
    expect(await ui.heading()).toBe('Overview');
    await ui.close();
  });
});
