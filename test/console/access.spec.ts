import { rmSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { openBrowser } from '../support/browser.js';
import { Recorder } from '../support/listeners.js';
import { TOKENS } from '../support/operators.js';
import { payload, TestService } from '../support/service.js';
import { Console } from './console.js';

const SLOW_MS = 60_000;
const DEAD = 'dead for viewers';

let service: TestService;
let browser: Browser;
let ui: Console;

beforeAll(async () => {
  const crm = new Recorder('crm');
  crm.handle = ({ interactionId }) => {
    if (interactionId === DEAD) throw new Error('The CRM is gone.');
  };
  service = await TestService.start(TOKENS, { listeners: [crm.module({ attempts: 1 })] });
  await service.post(payload('STARTED', DEAD));
  await service.post('{"operationId":');
  browser = await openBrowser();
  ui = await Console.open(browser, service.port);
}, SLOW_MS);
afterAll(async () => {
  await browser.close();
  await service.stop();
  // The one that was started again found it there.
  rmSync(service.dataDir, { recursive: true, force: true });
}, SLOW_MS);

describe('whoever is not signed in', () => {
  it('is asked for a token, and told when it is not known', async () => {
    await ui.visit('/');
    await ui.enter('token-of-nobody-of-these-tests');
    await ui.page.getByRole('alert').filter({ hasText: 'does not know this token' }).waitFor();
    expect(await ui.page.getByLabel('Token').inputValue()).toBe('');
  });

  it('is shown what the link was for, once signed in', async () => {
    await ui.signIn(`/interactions/${encodeURIComponent(DEAD)}`);
    await ui.page.getByText('STARTED received').waitFor();
    expect(await ui.heading()).toBe(`Interaction ${DEAD}`);
  });

  it('stays signed in when the page is loaded again, without a token that a script could read', async () => {
    await ui.visit('/listeners');
    await ui.live();
    const kept = await ui.page.evaluate('[document.cookie, { ...localStorage }]');
    expect(kept).toEqual(['', { theme: 'auto' }]);
  });

  it('is one who has signed out', async () => {
    await ui.button('Sign out').click();
    await ui.page.getByLabel('Token').waitFor();
    await ui.visit('/settings');
    await ui.page.getByLabel('Token').waitFor();
  });
});

describe('a viewer', () => {
  beforeAll(() => ui.signIn('/', TOKENS.VIEWER_TOKEN));

  it.each([
    ['/dead-letters', DEAD],
    ['/quarantine', '#1'],
    ['/quarantine/1', 'Why it is not valid'],
    ['/listeners', 'crm'],
    ['/listeners/crm', 'No events were delivered to it again.'],
    [`/interactions/${encodeURIComponent(DEAD)}`, 'gave up after 1 attempt'],
  ])('sees what is at %s, and no action', async (path, text) => {
    await ui.visit(path);
    await ui.page.getByText(text).first().waitFor();
    const actions = ui.page.locator('#content').getByRole('button', {
      name: /retry|discard|replay|reprocess|pause|resume|cancel/i,
    });
    expect(await actions.count()).toBe(0);
    expect(await ui.page.getByRole('checkbox').count()).toBe(0);
  });

  it('is told why no body is shown', async () => {
    await ui.visit('/events/1');
    await ui.page.getByText('The raw body is hidden from viewers.').waitFor();
  });
});

describe('a connection that is lost', () => {
  it('is shown, and comes back by itself with what came meanwhile', async () => {
    await ui.visit('/events');
    await ui.live();
    const { dataDir, port } = service;
    await service.app.close();
    await ui.page.getByText('Nothing new has come since').waitFor();
    await ui.page.getByRole('status').filter({ hasText: 'Not live' }).waitFor();
    // What was loaded before stays to be read.
    expect(await ui.row(DEAD).count()).toBe(1);
    service = await TestService.start({ ...TOKENS, PORT: String(port) }, { dataDir });
    await service.post(payload('STARTED', 'came meanwhile'));
    await ui.live();
    await ui.row('came meanwhile').waitFor();
    expect(await ui.page.getByRole('alert').count()).toBe(0);
  });
});
