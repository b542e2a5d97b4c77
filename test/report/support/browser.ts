import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((program) => existsSync(program));

/** Why tests in a browser cannot be done here; under CI they must. */
export const withoutBrowser = CHROMIUM === undefined && process.env['CI'] === undefined ? 'Chromium is not installed' : undefined;

/** What a page did in a browser that it should not have. */
export interface Seen {
  /** Errors and warnings of the console, exceptions, requests to anything but the file itself. */
  troubles: string[];
  /** By how many pixels the page is wider than the screen. */
  excess: number;
}

let browser: Promise<Browser> | undefined;

function open(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: CHROMIUM ?? 'chromium', args: ['--no-sandbox'] });
  return browser;
}

/** Opens a file as a user would. @param work  what the test does there, as text that the page runs */
export async function lookAt(
  file: string,
  width: number,
  scheme: 'light' | 'dark',
  work = 'undefined',
): Promise<Seen & { result: unknown }> {
  const context = await (await open()).newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  try {
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (!/^(?:file|data):/.test(request.url())) troubles.push(`request: ${request.url()}`);
    });
    await page.goto(`file://${file}`);
    const excess = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
    return { troubles, excess, result: await page.evaluate(work) };
  } finally {
    await context.close();
  }
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}
