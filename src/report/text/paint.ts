import { randomInt } from 'node:crypto';
import { inspect, styleText } from 'node:util';
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

/** Columns that a text takes, its colours not counted. */
export function widthOf(text: string): number {
  return withoutColour(text).length;
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
