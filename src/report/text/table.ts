import CliTable from 'cli-table3';
import { type Paint, printablePart, widthOf, withoutColour } from './paint.ts';

export interface Table {
  /** May have several lines. Cells have one: a line break in one is shown by its code. */
  head: readonly string[];
  /** One cell for each head. */
  rows: readonly (readonly string[])[];
  /** @default 'right' for all columns */
  align?: readonly ('left' | 'right')[];
}

export interface TableLook {
  /** With lines around the cells, for a terminal; else columns apart by two spaces, for pipes and files. */
  boxed: boolean;
  paint: Paint;
  /** Width to keep to: the widest cells are cut. @default none */
  columns?: number;
}

/** Fewer columns than this show nothing of a cell. */
const MIN_CELL = 6;

export function renderTable(table: Table, { boxed, paint, columns = Number.POSITIVE_INFINITY }: TableLook): string {
  const { head, rows, align = head.map(() => 'right' as const) } = table;
  const widths = squeezed(columnWidths(table), columns, boxed);
  const cells = rows.map((row) => row.map((text, column) => cut(printablePart(text), widths[column])));
  const heads = head.map((text, column) => text.split('\n').map((line) => cut(printablePart(line), widths[column])));
  const height = Math.max(...heads.map(({ length }) => length));
  // Each title stands right above its column.
  const lines = Array.from({ length: height }, (_, i) => heads.map((texts) => texts[i - height + texts.length] ?? ''));
  if (!boxed) return renderPlain([...lines, ...cells], align);
  // cli-table3 would choose colours by itself, without looking at the stream: so it gets none.
  const box = new CliTable({
    head: head.map((_, column) => lines.map((texts) => (texts[column] === '' ? '' : paint('bold', texts[column] ?? ''))).join('\n')),
    colAligns: [...align],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of cells) box.push(row);
  // With lines between rows switched off, the line below the head has to be put back.
  const [top = '', ...rest] = box.toString().split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, ...rest.slice(0, height), line, ...rest.slice(height)].join('\n');
}

/** Columns that a table takes when nothing is cut. */
export function tableWidth(table: Table, boxed: boolean): number {
  return lineWidth(columnWidths(table), boxed);
}

/** Between two columns. */
export function gapOf({ boxed }: Pick<TableLook, 'boxed'>): number {
  return boxed ? 3 : 2;
}

function columnWidths({ head, rows }: Table): number[] {
  return head.map((title, i) => {
    const texts = [...title.split('\n'), ...rows.map((cells) => cells[i] ?? '')];
    return Math.max(...texts.map((text) => widthOf(printablePart(text))));
  });
}

function lineWidth(widths: readonly number[], boxed: boolean): number {
  const gap = gapOf({ boxed });
  return widths.reduce((sum, width) => sum + width + gap, boxed ? 1 : -gap);
}

/** The widths, of which the widest give way until a line fits. */
function squeezed(widths: readonly number[], columns: number, boxed: boolean): number[] {
  const fitting = [...widths];
  for (let over = lineWidth(fitting, boxed) - columns; over > 0; over--) {
    const widest = Math.max(...fitting);
    if (widest <= MIN_CELL) break;
    fitting[fitting.indexOf(widest)] = widest - 1;
  }
  return fitting;
}

function cut(text: string, width = Number.POSITIVE_INFINITY): string {
  // A coloured cell is cut by its text alone.
  return widthOf(text) <= width ? text : `${withoutColour(text).slice(0, width - 1)}…`;
}

function renderPlain(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  const lines = rows.map((row) =>
    row.map((text, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - widthOf(text));
      return align[column] === 'left' ? text + space : space + text;
    }),
  );
  return lines.map((cells) => cells.join('  ').trimEnd()).join('\n');
}

/** Lines of `name  value`, the values below each other; values that are too long for a line have several. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string])[],
  { paint, columns = Number.POSITIVE_INFINITY }: Omit<TableLook, 'boxed'>,
): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => {
    const text = wrapped(printablePart(value), columns - width - 2, width + 2);
    return `${paint('dim', printablePart(name.padEnd(width)))}  ${text}`;
  });
  return lines.join('\n');
}

/**
 * A sentence in lines that keep to a width, broken between words.
 *
 * @param indent  spaces before each line but the first
 */
export function wrapped(text: string, columns: number, indent = 0): string {
  if (widthOf(text) <= columns) return text;
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (widthOf(line) > columns) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** At most `limit` of the items, evenly chosen; always the first and the last. */
export function chooseEvenly<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.round((i * (items.length - 1)) / (limit - 1))] as T);
}
