import { randomInt } from 'node:crypto';
import { inspect, styleText } from 'node:util';
import stringWidth from 'string-width';
import { printable, printableLines } from '../../errors.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const unpainted: Paint = (_style, text) => text;

/**
 * Our own colours carry three numbers that change with every process, so that no text from a file can hold one: what is not sealed is
 * escaped on its way to the terminal. Of its form they are still colours, which tables count as no columns.
 */
const SEAL = Array.from({ length: 3 }, () => randomInt(1000, 10_000)).join(';');
const SEALED = new RegExp(`(\u001b\\[${SEAL};\\d+m)`);

/** Colours for what is written to `stream`: on a terminal, unless NO_COLOR is set, and where FORCE_COLOR is. */
export function painter(stream: NodeJS.WritableStream): Paint {
  return (style, text) => {
    if (styleText(style, 'x', { stream }) === 'x') return text;
    const [on, off] = inspect.colors[style] ?? [0, 0];
    return `\u001b[${SEAL};${on}m${text}\u001b[${SEAL};${off}m`;
  };
}

/** A text of several lines as a terminal may get it: our colours work, everything else that would steer it is shown by its code. */
export function forTerminal(text: string): string {
  return betweenSeals(text, printableLines).replaceAll(`\u001b[${SEAL};`, '\u001b[');
}

/** A part of a line, such as a table's cell: whatever it holds, it stays in its line. Our colours stay. */
export function printablePart(text: string): string {
  return betweenSeals(text, (part) => printable(part, Number.POSITIVE_INFINITY));
}

/** Columns that a text takes, its colours not counted: letters of East Asia and pictures take two. */
export function widthOf(text: string): number {
  const plain = withoutColour(text);
  return ONE_COLUMN_EACH.test(plain) ? plain.length : stringWidth(plain);
}

/** Latin and the lines and blocks that we draw with. */
const ONE_COLUMN_EACH = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2026\u2500-\u259f]*$/;
const characters = new Intl.Segmenter('en');

/** As much of the beginning of a text without colours as takes no more columns. */
export function firstColumns(text: string, columns: number): string {
  if (ONE_COLUMN_EACH.test(text)) return text.slice(0, Math.max(0, columns));
  let part = '';
  let left = columns;
  for (const { segment } of characters.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    part += segment;
  }
  return part;
}

/** A text with spaces behind it, up to a width. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

export function withoutColour(text: string): string {
  return text
    .split(SEALED)
    .filter((_, i) => i % 2 === 0)
    .join('');
}

function betweenSeals(text: string, change: (part: string) => string): string {
  // What the expression captures stands at the odd places.
  return text
    .split(SEALED)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('');
}
