import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's, or the one that TEST_CHROMIUM names. */
function executable(): string {
  const path = process.env.TEST_CHROMIUM || '/usr/bin/chromium';
  if (!existsSync(path))
    throw new Error(`${path} is missing: run test/services/install.sh, or set TEST_CHROMIUM`);
  return path;
}

/** A headless Chromium, closed after the test. */
export async function startChromium(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: executable(),
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
  t.after(() => browser.close());
  return browser;
}

/** A page, and all that it complained of, or asked for. */
export interface Watched {
  page: Page;
  /** Messages of the console, and errors of scripts. */
  complaints: string[];
  /** The addresses of all requests. */
  requests: string[];
}

/** Opens an address in a window of its own. */
export async function open(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(address);
  return { page, complaints, requests };
}
