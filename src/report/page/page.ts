import { createHash } from 'node:crypto';
import { escapeHtml } from './html.ts';

/** What every page looks like; dark where the reader's system is, light on paper. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--faint:#5d6775;--line:#dfe4ea;--paper:#fff;--good:#0a7d4b;--open:#9a5b00;--bad:#b3261e}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--faint:#98a3b1;--line:#2c3440;--paper:#14181e;--good:#4fd39a;--open:#f0b452;--bad:#ff8a80}}
body{margin:2rem auto;padding:0 1rem;max-width:78rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.4rem 0}.faint{color:var(--faint)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem}
th,td{padding:.3rem .45rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th{color:var(--faint);font-weight:600}
svg{width:100%;height:auto;display:block;margin:.5rem 0}.wide:focus-visible{outline:2px solid var(--faint)}ul{padding-left:1.2rem;margin:.5rem 0}
@media print{body{margin:0;max-width:none;font-size:11px}.wide{overflow:visible}h2,svg,tr{break-inside:avoid}h2{break-after:avoid}}
`.trim();

export interface Page {
  title: string;
  /** Beside the style of every page. */
  style: string;
  /** HTML, already escaped. */
  body: readonly string[];
  script?: string;
  /** Pictures inside the page, as `data:` addresses. */
  hasPictures?: boolean;
  /** What the script reads: plain data, in the element with the id `data`. */
  data?: unknown;
}

/** What may be wider than the screen: it scrolls by itself, also with the keyboard. */
export function wide(label: string, html: string): string {
  return html === '' ? '' : `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(label)}">${html}</div>`;
}

/**
 * One page that needs nothing else: no font, no network. Its own policy lets nothing run or load but its style and script, which are named
 * by their hashes, so that text that got in as markup could do nothing.
 */
export function renderPage({ title, style, body, script, hasPictures = false, data }: Page): string {
  const css = `${PAGE_STYLE}\n${style}`;
  const run = script === undefined ? "'none'" : hashOf(script);
  const pictures = hasPictures ? ' img-src data:;' : '';
  const policy = `default-src 'none'; style-src ${hashOf(css)}; script-src ${run};${pictures} base-uri 'none'; form-action 'none'`;
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${css}</style>`,
  ];
  const end = `${data === undefined ? '' : dataBlock(data)}${script === undefined ? '' : `<script>${script}</script>\n`}`;
  return `<!doctype html>\n<html lang="en"><head>${head.join('')}</head>\n<body>\n${body.filter((part) => part !== '').join('\n')}\n${end}</body></html>\n`;
}

/** A block of data is not run, and no text in it can end it. */
function dataBlock(data: unknown): string {
  return `<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>\n`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
