import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { PermanentError } from '../../src/events/delivery.js';
import type { DeliveryGroupsDto } from '../../src/operations/deliveries/deliveries-read.dto.js';
import { ListenerSampler } from '../../src/operations/listeners/listeners-sampler.js';
import { openBrowser } from '../support/browser.js';
import { Recorder } from '../support/listeners.js';
import { api, TOKENS } from '../support/operators.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { Console } from './console.js';

const SLOW_MS = 60_000;
const UNLISTED = {
  operationId: 'unlisted',
  data: { entities: [{ event: 'STARTED', entity: { id: 'by fax', mediaType: 'fax' } }] },
};

const dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-console-'));
const crm = new Recorder('crm');
const succeed = crm.handle;
let service: TestService;
let browser: Browser;
let ui: Console;
let page: Page;

const start = (env = {}): Promise<TestService> =>
  TestService.start({ ...TOKENS, ...env }, { listeners: [crm.module()], dataDir });

/** Waits until so many deliveries are dead. */
async function died(count: number): Promise<void> {
  await until(async () => {
    const { items } = (await api(service, 'GET', '/deliveries/groups')).json as DeliveryGroupsDto;
    return items.reduce((sum, group) => sum + group.count, 0) === count;
  });
}

beforeAll(async () => {
  // By the rules of then, two payloads were not valid. By those of now, one of them is.
  service = await start();
  await service.post(UNLISTED);
  await service.post('{"operationId":');
  await service.stop();
  service = await start({ UNKNOWN_VALUES: 'accept' });
  browser = await openBrowser();
  ui = await Console.open(browser, service.port);
  page = ui.page;
  await ui.signIn();
}, SLOW_MS);
afterEach(() => {
  crm.handle = succeed;
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, SLOW_MS);

describe('the overview', () => {
  it('shows an event as it comes, and moves nothing for it', async () => {
    await ui.visit('/');
    await ui.live();
    await page.getByRole('img', { name: /Events per minute/ }).waitFor();
    await page.evaluate(
      "shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: 'layout-shift' })",
    );
    await service.post(payload('STARTED', 'seen live'));
    await page.getByRole('link', { name: 'seen live' }).waitFor();
    await page.getByRole('link', { name: /Open 1 interactions/ }).waitFor();
    expect(await page.evaluate('shifts.map(({ value }) => value)')).toEqual([]);
  });

  it('says what needs an operator, and leads there', async () => {
    await ui.visit('/');
    await page.getByRole('link', { name: '2 payloads in quarantine' }).click();
    expect(await ui.heading()).toBe('Quarantine');
  });
});

describe('the search', () => {
  it('is reached by one key, and finds an interaction by its id', async () => {
    await service.post(payload('STARTED', 'looked for'));
    await ui.visit('/');
    await ui.live();
    await page.keyboard.press('/');
    await page.keyboard.type('looked for');
    await page.keyboard.press('Enter');
    await page.getByText('STARTED received').waitFor();
    expect(await ui.heading()).toBe('Interaction looked for');
    expect(page.url()).toMatch(/\/interactions\/looked%20for$/);
  });

  it('finds events by a part of another id', async () => {
    await service.post(payload('STARTED', 'found by its trace'), { 'x-b3-traceid': '463ac35c9f6413ad' });
    await page.getByRole('searchbox', { name: /Search/ }).fill('35c9f64');
    await page.keyboard.press('Enter');
    await ui.row('found by its trace').waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('says what to do where nothing is found', async () => {
    await page.getByRole('searchbox', { name: /Search/ }).fill('no such thing');
    await page.keyboard.press('Enter');
    await page.getByText('No event matches.').waitFor();
    await page.getByRole('link', { name: 'show all' }).click();
    await ui.row('looked for').waitFor();
  });
});

describe('an interaction', () => {
  it('tells what was received, each attempt, and what came of it', async () => {
    crm.handle = (_event, { attempt }) => {
      if (attempt === 1) throw new Error('The CRM is busy.');
    };
    await service.post(payload('STARTED', 'tried twice'), { 'x-b3-traceid': '00000000000000aa' });
    await ui.visit('/interactions/tried%20twice');
    const attempts = page.getByRole('list', { name: 'Attempts of crm' }).getByRole('listitem');
    await attempts.nth(1).waitFor();
    const [first, second] = await attempts.allInnerTexts();
    expect(first).toMatch(/attempt 1\s+failed[^]*The CRM is busy\./);
    expect(second).toMatch(/attempt 2\s+done/);
    expect(await page.getByText('00000000000000aa').isVisible()).toBe(true);
  });

  it('shows its raw body set out, and copies the bytes that came', async () => {
    const body =
      '{"data":{"entities":[{"event":"STARTED","entity":{"id":"raw"},"n":12345678901234567890.0}]}}';
    await service.post(body);
    await ui.visit('/interactions/raw');
    await page.getByText('Raw body').click();
    const shown = page.getByRole('region', { name: 'Raw body', exact: true });
    expect(await shown.innerText()).toContain(
      '\n          "id": "raw"\n        },\n        "n": 12345678901234567890.0\n',
    );
    await ui.button('Copy the raw body').click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(body);
  });

  it('is brought up to date while it is looked at', async () => {
    await service.post(payload('STARTED', 'looked at'));
    await ui.visit('/interactions/looked%20at');
    await ui.live();
    await page.getByText('open', { exact: true }).waitFor();
    await service.post(payload('FINISHED', 'looked at'));
    await page.getByText('FINISHED received').waitFor();
    await page.getByText('finished', { exact: true }).waitFor();
  });

  it('is replayed to a listener, counted first', async () => {
    await service.post(payload('STARTED', 'again'));
    await until(() => crm.seen.some(({ id }) => id === 'again'));
    await ui.visit('/interactions/again');
    await ui.button('Replay …').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Listener').selectOption('crm');
    await dialog.getByRole('button', { name: 'Count first' }).click();
    await dialog.getByText('1 event would be delivered again.').waitFor();
    expect(crm.seen.filter(({ id }) => id === 'again')).toHaveLength(1);
    await dialog.getByRole('button', { name: 'Replay 1 event' }).click();
    await dialog.getByText('1 delivered again').waitFor();
    await until(() => crm.seen.filter(({ id }) => id === 'again').length === 2);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await dialog.count()).toBe(0);
  });
});

describe('dead letters', () => {
  it('are retried by what they failed with', async () => {
    crm.handle = ({ interactionId }) => {
      throw new PermanentError(interactionId === 'other' ? 'Another fault.' : 'No such case.');
    };
    for (const id of ['dead 1', 'dead 2', 'other']) await service.post(payload('STARTED', id));
    await died(3);
    await ui.visit('/dead-letters');
    await ui.row('dead 2').waitFor();
    await ui.button(/^2 .*No such case/).click();
    await ui.row('other').waitFor({ state: 'detached' });
    expect(await page.getByRole('checkbox', { name: /^Select \d/ }).count()).toBe(2);
    crm.handle = succeed;
    await ui.button('Retry all 2').click();
    await page.getByText('2 dead letters retried.').waitFor();
    await until(() => crm.seen.filter(({ id }) => id?.startsWith('dead ')).length === 4);
  });

  it('are discarded one by one, after a question', async () => {
    await ui.visit('/dead-letters');
    await ui.row('other').getByRole('checkbox').check();
    await ui.button('Discard 1 selected').click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await ui.button('Discard 1 selected').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard', exact: true }).click();
    await page.getByText('1 dead letter discarded.').waitFor();
    await page.getByText('No dead letters.').waitFor();
  });
});

describe('a command for more than one batch', () => {
  it('tells how far it is, and is stopped between two of them', async () => {
    const entities = Array.from({ length: 520 }, (_, i) => ({
      event: 'STARTED',
      entity: { id: `many ${i}` },
    }));
    crm.handle = () => {
      throw new PermanentError('One of many.');
    };
    await service.post({ data: { entities } });
    await died(520);
    let goOn = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    await page.route('**/deliveries/retry', (route) => stopped.then(() => route.continue()));
    await ui.visit('/dead-letters');
    await ui.button('Retry all 520').click();
    await page.getByText('0 dead letters retried of 520 so far').waitFor();
    await ui.button('Stop').click();
    crm.handle = succeed;
    goOn();
    await page.getByText('Stopped: 500 dead letters retried.').waitFor();
    await page.unroute('**/deliveries/retry');
  });

  it('is done with the rest when it is given again', async () => {
    await ui.button('Discard all 20').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('20 dead letters discarded.').waitFor();
    await page.getByText('No dead letters.').waitFor();
  });
});

describe('quarantine', () => {
  it('is reprocessed, and tells what is still not valid', async () => {
    await ui.visit('/quarantine');
    await ui.row('#2').waitFor();
    expect(await page.getByRole('checkbox', { name: /^Select \d/ }).count()).toBe(2);
    await ui.button('Reprocess all').click();
    await page.getByText('1 payload reprocessed. 1 is as invalid as before.').waitFor();
    await until(() => crm.seen.some(({ id }) => id === 'by fax'));
    await ui.row(/#2/).getByRole('link').click();
    await page.getByText('Why it is not valid').waitFor();
    expect(await page.getByRole('region', { name: 'Raw body', exact: true }).innerText()).toBe(
      '{"operationId":',
    );
  });

  it('is discarded, after a question', async () => {
    await ui.button('Discard').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('1 payload discarded.').waitFor();
    await page.getByRole('link', { name: 'Quarantine' }).click();
    await page.getByText('Nothing is held.').waitFor();
  });
});

describe('a listener', () => {
  it('is paused and resumed, and its lag and its attempts are drawn', async () => {
    await ui.visit('/listeners');
    await ui.button('pause crm').click();
    await ui.row('crm').getByText('paused').waitFor();
    await service.post(payload('STARTED', 'while paused'));
    // A minute that is over.
    await service.get(ListenerSampler).sample();
    await ui.row('crm').getByRole('link', { name: 'crm' }).click();
    await page.getByRole('img', { name: /^Lag in the last hour/ }).waitFor();
    await page.getByRole('img', { name: /^Attempts in the last hour/ }).waitFor();
    expect(crm.seen.map(({ id }) => id)).not.toContain('while paused');
    await ui.button('resume crm').click();
    await page.getByText('delivering').waitFor();
    await until(() => crm.seen.some(({ id }) => id === 'while paused'));
  });
});

describe('settings', () => {
  it('show the configuration without a secret, and what operators did', async () => {
    await ui.visit('/settings');
    await ui.row(/^WEBHOOK_SECRET/).waitFor();
    expect(await ui.row(/^UNKNOWN_VALUES/).innerText()).toContain('accept');
    expect(await ui.row(/^OPERATOR_TOKEN/).innerText()).toContain('set, and secret');
    expect(await page.content()).not.toContain(TOKENS.OPERATOR_TOKEN);
    await ui.row('quarantine.reprocess').waitFor();
    expect(await ui.row('listeners.pause').innerText()).toMatch(/console \(operator\)[^]*crm/);
  });
});

describe('the browser', () => {
  it('had nothing to complain about, and asked no other host', () => {
    expect(ui.complaints).toEqual([]);
    expect([...ui.hosts]).toEqual([`127.0.0.1:${service.port}`]);
  });
});
