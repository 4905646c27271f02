import { mkdirSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { openBrowser } from '../support/browser.js';
import { signature, TestService } from '../support/service.js';

/** Looked at by people; ignored by git. */
const SCREENSHOTS = 'test-results';

describe('/docs in a browser, over plain HTTP', () => {
  let service: TestService;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];
  const requests: URL[] = [];

  beforeAll(async () => {
    service = await TestService.start();
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) =>
      complaints.push(`${request.url()}: ${request.failure()?.errorText}`),
    );
    page.on('request', (request) => requests.push(new URL(request.url())));
    await page.goto(`http://127.0.0.1:${service.port}/docs`);
    await page.getByText('Send interaction state change events', { exact: true }).waitFor();
    mkdirSync(SCREENSHOTS, { recursive: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service.stop();
  });

  it('shows the title and both paths of the operation', async () => {
    await page.screenshot({ path: `${SCREENSHOTS}/docs.png`, fullPage: true });
    expect(await page.title()).toBe('Interactions Webhook');
    expect(await page.locator('.opblock-summary-path').allInnerTexts()).toHaveLength(2);
  });

  it('sends what is typed into "Try it out", and shows the 200', async () => {
    const operation = page.locator('.opblock').first();
    await operation.locator('.opblock-summary').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    const body = operation.locator('textarea.body-param__text');
    await operation
      .locator('tr[data-param-name="X-Hub-Signature"] input')
      .fill(signature(await body.inputValue()));
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await operation.getByRole('button', { name: 'Execute' }).click();
    expect((await answered).status()).toBe(200);
    const live = operation.locator('.live-responses-table .response');
    await live.waitFor();
    await operation.scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${SCREENSHOTS}/docs-executed.png` });
    expect(await live.locator('.response-col_status').innerText()).toMatch(/^200/);
    expect(await live.innerText()).toContain('8e09e19f-b8ba-4db0-b6e7-dfc8a7776176');
    const rows = await service.store.query(
      service.store.builder.selectFrom('events').select(['interaction_id', 'type']),
    );
    expect(rows).toEqual([{ interaction_id: '8e09e19f-b8ba-4db0-b6e7-dfc8a7776176', type: 'FINISHED' }]);
  });

  it('has nothing to complain about in the console, and asks no other host', () => {
    expect(complaints).toEqual([]);
    expect(requests.length).toBeGreaterThan(3);
    expect(
      requests.filter(({ host, protocol }) => protocol !== 'data:' && host !== `127.0.0.1:${service.port}`),
    ).toEqual([]);
  });
});
