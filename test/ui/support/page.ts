import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { openPage } from '../../../src/ui/server/listen.ts';
import { MAIN } from '../../cli/support/run-cli.ts';
import { CHROMIUM } from '../../report/support/browser.ts';

const MAX_MS = 60_000;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface Shown {
  page: Page;
  context: BrowserContext;
  /** With the token. */
  url: string;
  /** Errors and warnings of the console, exceptions, requests to anything but the server, answers that failed. */
  troubles: string[];
}

export interface ShownOptions {
  width?: number;
  isReadOnly?: boolean;
  scheme?: 'light' | 'dark';
}

/** The page of a directory in a browser, at an address of it. */
export async function shown(
  t: ExecutionContext,
  root: string,
  hash = '',
  { width = 1000, isReadOnly = false, scheme = 'light' }: ShownOptions = {},
): Promise<Shown> {
  const opened = await openPage({ root, port: 0, isReadOnly, launcher: 'gradloom', program: [process.execPath, MAIN] });
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? 'chromium', args: ['--no-sandbox'] });
  t.teardown(async () => {
    await browser.close();
    await opened.close();
  });
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(MAX_MS);
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()} ${message.location().url}`));
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`http://127.0.0.1:${opened.port}/`)) troubles.push(`request: ${request.url()}`);
  });
  await page.goto(opened.url + hash);
  return { page, context, url: opened.url, troubles };
}

/** What axe-core has against the page as it is, in words. It is put in by the debugger, which the policy of the page does not bind. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join('\n  ')}`,
  );
}

/** Waits until something holds in the page. @param what  an expression; the policy of the page lets it compile none by itself */
export async function settled(page: Page, what: string): Promise<void> {
  const end = performance.now() + MAX_MS;
  while ((await page.evaluate(what)) !== true) {
    if (performance.now() > end) throw new Error(`not within ${MAX_MS} ms: ${what}`);
    await sleep(50);
  }
}
