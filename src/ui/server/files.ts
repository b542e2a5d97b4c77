import { fileURLToPath } from 'node:url';
import { PAGE_STYLE } from '../../report/page/page.ts';
import { RUN_STYLE } from '../../report/run-page/style.ts';
import { SPEEDUP_STYLE } from '../../report/speedup/html.ts';
import { SWEEP_STYLE } from '../../report/sweep/style.ts';
import { readFileBytes } from '../../storage/read.ts';

export interface PageFile {
  type: string;
  content: string;
}

/** What the build has made of src/ui/page. */
const BUILT = '../page/';
const LIMIT_BYTES = 2 ** 24;

const INDEX = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>gradloom</title><link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css"></head>
<body><div id="app"></div><noscript>This page needs JavaScript.</noscript><script type="module" src="/page.js"></script></body></html>
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 13 6 7l3 3 5-8" fill="none" stroke="#0072b2" stroke-width="2.5"/></svg>`;

/** The files of the page by their addresses: there are no others, so no path of a request is one of a file. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const built = (name: string): string =>
    new TextDecoder().decode(readFileBytes(fileURLToPath(new URL(BUILT + name, import.meta.url)), LIMIT_BYTES));
  // The speedup report's rule for the ends of rows is for its own tables.
  const style = [PAGE_STYLE, RUN_STYLE, SWEEP_STYLE, `.speedup{${SPEEDUP_STYLE}}`, built('page.css')].join('\n');
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', content: INDEX }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', content: built('page.js') }],
    ['/style.css', { type: 'text/css; charset=utf-8', content: style }],
    ['/icon.svg', { type: 'image/svg+xml', content: ICON }],
  ]);
}
