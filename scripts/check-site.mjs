// Looks at site/out, after npm run docs: every link leads to a page and a place in it, nothing is loaded from a network, and, where there is a
// Chromium, pages can be read at a width of 360 pixels without an error in the console. Exit code 1 names what is wrong.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const out = fileURLToPath(new URL('../site/out/', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const WIDTH = 360;
/** Answered from the folder, as a web server would. */
const ADDRESS = 'http://docs.test/';
/** Of each kind one: a page of prose, of tables, of code, of pictures, of a function, of an interface. */
const LOOKED_AT = ['index.html', 'documents/keys.html', 'documents/performance.html', 'documents/tutorial.html', 'documents/ui.html'];

const pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
const texts = new Map(pages.map((page) => [page, readFileSync(path.join(out, page), 'utf8')]));
const places = new Map(
  [...texts].map(([page, text]) => [page, new Set([...text.matchAll(/\b(?:id|name)="([^"]+)"/g)].map(([, id]) => id))]),
);

const problems = pages.flatMap((page) => [...brokenLinks(page), ...loadedFromElsewhere(page)]);
if (existsSync(CHROMIUM)) problems.push(...(await lookAt()));
else console.log(`not looked at in a browser: ${CHROMIUM} is missing`);
for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function brokenLinks(page) {
  const links = [...texts.get(page).matchAll(/<a\b[^>]*\bhref="(?![a-z]+:)([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
  return [...new Set(links)].flatMap((link) => {
    const [file, place = ''] = link.split('#');
    const target = file === '' ? page : path.posix.join(path.posix.dirname(page), decodeURIComponent(file));
    if (!existsSync(path.join(out, target))) return [`${page}: ${link} leads nowhere`];
    const isThere = place === '' || places.get(target)?.has(decodeURIComponent(place)) !== false;
    return isThere ? [] : [`${page}: ${link} names a place that is not there`];
  });
}

function loadedFromElsewhere(page) {
  const loaded = [...texts.get(page).matchAll(/<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="((?:https?:)?\/\/[^"]+)"/g)];
  return loaded.map(([, address]) => `${page}: loads ${address}`);
}

/** On a narrow screen. */
async function lookAt() {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const found = [];
  const ofLibrary = ['functions', 'interfaces'].flatMap((kind) => pages.filter((page) => page.startsWith(`${kind}/`)).slice(0, 1));
  for (const name of [...LOOKED_AT, ...ofLibrary]) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 740 } });
    page.on('console', (message) => message.type() === 'error' && found.push(`${name}: ${message.text()}`));
    page.on('pageerror', (error) => found.push(`${name}: ${error}`));
    page.on('request', (request) => !request.url().startsWith(ADDRESS) && found.push(`${name}: asks for ${request.url()}`));
    await page.route(`${ADDRESS}**`, (route) =>
      route.fulfill({ path: path.join(out, decodeURIComponent(new URL(route.request().url()).pathname)) }),
    );
    await page.goto(`${ADDRESS}${name}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > WIDTH) found.push(`${name}: ${width} pixels wide on a screen of ${WIDTH}`);
    await page.close();
  }
  await browser.close();
  return found;
}
