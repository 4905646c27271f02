import { mkdirSync } from 'node:fs';

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import { TOKENS } from '../support/operators.js';

/** Looked at by people; ignored by git. */
const SCREENSHOTS = 'test-results/console';

/** How a reader's browser is set. */
export type Reader = Pick<BrowserContextOptions, 'colorScheme' | 'timezoneId' | 'viewport'>;

/** The operators' page in a real browser. */
export class Console {
  /** What the browser had to complain about, and no test may cause. */
  readonly complaints: string[] = [];
  /** Hosts that were asked for something. */
  readonly hosts = new Set<string>();

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly base: string,
  ) {
    // Sooner than a test's own limit, so that what was waited for is told.
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      const refused = message.text().startsWith('Failed to load resource: the server responded with');
      // That nobody is signed in, and that there is no such interaction, are answers like others.
      if (['error', 'warning'].includes(message.type()) && !refused) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      this.complaints.push(`A dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => this.hosts.add(new URL(request.url()).host));
  }

  /** Opens a window of a reader's own on the page of a service. */
  static async open(browser: Browser, port: number, reader: Reader = {}): Promise<Console> {
    const context = await browser.newContext({
      locale: 'en-GB',
      viewport: { width: 1280, height: 860 },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...reader,
    });
    return new Console(await context.newPage(), context, `http://127.0.0.1:${port}`);
  }

  /** Loads a view anew, as a link from elsewhere does. */
  async visit(path: string): Promise<void> {
    await this.page.goto(`${this.base}${path}`);
  }

  /** Types a token into the form that is shown. */
  async enter(token: string): Promise<void> {
    await this.page.getByLabel('Token').fill(token);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Loads a view, and signs in on the way. */
  async signIn(path = '/', token: string = TOKENS.OPERATOR_TOKEN): Promise<void> {
    await this.visit(path);
    await this.enter(token);
    await this.live();
  }

  /** Waits until what is shown is live. */
  async live(): Promise<void> {
    await this.page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor();
  }

  /** The heading of the view. */
  async heading(): Promise<string> {
    return (await this.page.getByRole('heading', { level: 1 }).innerText()).replace(/\s+/g, ' ');
  }

  /** A row of a table by what is in it. */
  row(text: string | RegExp) {
    return this.page.getByRole('row').filter({ hasText: text });
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
