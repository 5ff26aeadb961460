/** A browser for tests of pages: Debian's Chromium, offline, with a profile of its own that goes when it is done. */

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Why no page can be tested here; null when it can. */
export function missingBrowser(): string | null {
  return browserPath() === undefined ? `there is no Chromium at ${PLACES.join(', ')} (apt-get install chromium)` : null;
}

function browserPath(): string | undefined {
  return [process.env.BOXMARK_TEST_BROWSER, ...PLACES].find((path) => path !== undefined && existsSync(path));
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath() ?? '',
    timeout: 120_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Watched {
  readonly page: Page;
  /** Everything that went wrong in the page. */
  readonly errors: string[];
  /** Every address that it asked for but its own. */
  readonly requests: string[];
}

/** Opens a file, waits for its charts, and notes what it does meanwhile. */
export async function openPage(
  browser: Browser,
  address: string,
  options: { readonly width?: number; readonly height?: number; readonly dark?: boolean; readonly scale?: number } = {},
): Promise<Watched> {
  const { width = 1280, height = 900, dark = false, scale = 1 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: scale,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) requests.push(request.url());
  });
  await page.goto(address);
  await page.waitForSelector('html[data-drawn]', { state: 'attached' });
  return { page, errors, requests };
}
