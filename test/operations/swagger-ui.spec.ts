import { mkdirSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { openBrowser } from '../support/browser.js';
import { TOKENS } from '../support/operators.js';
import { TestService } from '../support/service.js';

/** Looked at by people; ignored by git. */
const SCREENSHOTS = 'test-results';

describe('/docs of a service with operators, in a browser', () => {
  let service: TestService;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    service = await TestService.start(TOKENS);
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${service.port}/docs`);
    mkdirSync(SCREENSHOTS, { recursive: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service.stop();
  });

  it('shows the webhook first', async () => {
    await page.getByText('Send interaction state change events', { exact: true }).waitFor();
    await page.screenshot({ path: `${SCREENSHOTS}/docs-webhook.png` });
    expect(await page.locator('.opblock-summary-path').allInnerTexts()).toHaveLength(2);
  });

  it("shows the operators' API where that is chosen", async () => {
    await page.locator('.topbar select').selectOption({ label: 'Operators' });
    await page.getByText('Give dead deliveries fresh attempts', { exact: true }).waitFor();
    await page.screenshot({ path: `${SCREENSHOTS}/docs-operators.png` });
    expect(await page.locator('.opblock-tag').count()).toBeGreaterThan(5);
  });

  it('has nothing to complain about in the console', () => {
    expect(complaints).toEqual([]);
  });
});
