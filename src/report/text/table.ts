import CliTable from 'cli-table3';
import { firstColumns, type Paint, padded, printablePart, widthOf, withoutColour } from './paint.ts';
import { wrapped } from './wrapped.ts';

export interface Table {
  /** May have several lines. Cells have one: a line break in one is shown by its code. */
  head: readonly string[];
  /** One cell for each head. */
  rows: readonly (readonly string[])[];
  /** @default 'right' for all columns */
  align?: readonly ('left' | 'right')[];
  /** Titles of columns that tell least: without room they are left out first, from the last on. */
  minor?: readonly string[];
}

export interface TableLook {
  /** With lines around the cells, for a terminal; else columns apart by two spaces, for pipes and files. */
  boxed: boolean;
  paint: Paint;
  /** Width to keep to: the widest texts are cut, then columns are left out, which is said below the table. @default none */
  columns?: number;
}

/** Fewer columns than this show nothing of a text. */
const MIN_CELL = 10;
/** Columns left out that are named; more are counted. */
const MAX_NAMED = 10;
/** Cells that lose their meaning with their last digits: numbers, intervals, shapes, times, with their units. */
const NUMBER = /^(?:(?:[^\p{L}]|\bto\b|\bx\b|e(?=[-+]?\d))*\d[^\p{L}]*\p{L}{0,3}|NaN|-?Infinity)$/u;

export function renderTable(table: Table, look: TableLook): string {
  const { shown, widths, left } = fitted(table, look);
  const text = renderFitted(shown, widths, look);
  if (left.length === 0) return text;
  const more = left.length > MAX_NAMED ? ` and ${left.length - MAX_NAMED} more` : '';
  const names = left.slice(0, MAX_NAMED).map((title) => (title === '' ? 'notes' : printablePart(title)));
  return `${text}\n${look.paint('dim', wrapped(`left out for want of room: ${names.join(', ')}${more} (--json has all)`, look.columns))}`;
}

interface Fitted {
  shown: Table;
  /** Of its columns. */
  widths: readonly number[];
  /** Titles of what had to go. */
  left: readonly string[];
}

/** As much of a table as a line has room for; the first column always stays. */
function fitted(table: Table, { boxed, columns = Number.POSITIVE_INFINITY }: TableLook): Fitted {
  const left: string[] = [];
  let shown = tableWidth(table, boxed) > columns ? withShortHeads(table) : table;
  for (;;) {
    const widths = squeezed(shown, columns, boxed);
    const { head, minor = [] } = shown;
    if (lineWidth(widths, boxed) <= columns || head.length < 2) return { shown, widths, left: inOrder(left, table) };
    const least = head.findLastIndex((title, i) => i > 0 && minor.includes(title.replaceAll('\n', ' ')));
    const gone = least > 0 ? least : head.length - 1;
    left.unshift(head[gone] ?? '');
    shown = withoutColumn(shown, gone);
  }
}

/** Titles as they follow each other in the table. */
function inOrder(titles: readonly string[], { head }: Table): string[] {
  const plain = head.map((title) => title.replaceAll('\n', ' '));
  return titles.map((title) => title.replaceAll('\n', ' ')).toSorted((a, b) => plain.indexOf(a) - plain.indexOf(b));
}

function withoutColumn({ head, rows, align, minor = [] }: Table, gone: number): Table {
  const rest = <T>(items: readonly T[]): T[] => items.filter((_, i) => i !== gone);
  return { head: rest(head), rows: rows.map(rest), minor, ...(align && { align: rest(align) }) };
}

export interface Fitting<Column> {
  shown: readonly Column[];
  /** What had to go, in the order of the columns. */
  left: readonly Column[];
  /** Of the columns shown; titles take two lines where they are too wide otherwise. */
  table: Table;
}

/**
 * A table with as many columns as fit.
 *
 * @param goes     the column to do without next, of those that are still shown; undefined when the rest must stay
 * @param tableOf  the table of some columns
 */
export function fitColumns<Column>(
  columns: readonly Column[],
  { boxed, columns: room = Number.POSITIVE_INFINITY }: TableLook,
  goes: (shown: readonly Column[]) => Column | undefined,
  tableOf: (shown: readonly Column[]) => Table,
): Fitting<Column> {
  let shown = columns;
  for (;;) {
    const whole = tableOf(shown);
    const table = tableWidth(whole, boxed) > room ? withShortHeads(whole) : whole;
    const gone = tableWidth(table, boxed) > room ? goes(shown) : undefined;
    if (gone === undefined) return { shown, left: columns.filter((column) => !shown.includes(column)), table };
    shown = shown.filter((column) => column !== gone);
  }
}

/** Breaks titles that are wider than what stands below them: `min val.loss` between the words, a config key before its last name. */
function withShortHeads(table: Table): Table {
  const head = table.head.map((title, i) => {
    const width = Math.max(...table.rows.map((cells) => widthOf(cells[i] ?? '')));
    return widthOf(title) <= width ? title : inTwo(title);
  });
  return { ...table, head };
}

/** A title in two lines: of several words, as even as they can be. */
function inTwo(title: string): string {
  const spaces = [...title.matchAll(/ /g)].map(({ index }) => index);
  if (spaces.length === 0) return title.replace(/(?<=\.)(?=[^.]+$)/, '\n');
  const middle = title.length / 2;
  const at = spaces.reduce((best, place) => (Math.abs(place - middle) < Math.abs(best - middle) ? place : best));
  return `${title.slice(0, at)}\n${title.slice(at + 1)}`;
}

function renderFitted(table: Table, widths: readonly number[], { boxed, paint }: TableLook): string {
  const { head, rows, align = head.map(() => 'right' as const) } = table;
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

/** The widths of the columns: of texts the widest give way until a line fits, what the rows are called last of all. Numbers stay whole. */
function squeezed(table: Table, columns: number, boxed: boolean): number[] {
  const fitting = columnWidths(table);
  const texts = fitting.map((_, i) => i).filter((i) => !isOfNumbers(table, i));
  for (const some of [texts.filter((i) => i > 0), texts]) {
    for (let over = lineWidth(fitting, boxed) - columns; over > 0; over--) {
      const widest = Math.max(0, ...some.map((i) => fitting[i] ?? 0));
      const [first] = some.filter((i) => fitting[i] === widest);
      if (first === undefined || widest <= MIN_CELL) break;
      fitting[first] = widest - 1;
    }
  }
  return fitting;
}

/** Whether the widest cell of a column is a number, or its title is wider than all of them. */
function isOfNumbers({ rows }: Table, column: number): boolean {
  const cells = rows.map((row) => withoutColour(row[column] ?? ''));
  const widest = cells.reduce((most, cell) => (cell.length > most.length ? cell : most), '');
  return widest === '' || NUMBER.test(widest);
}

/** A text cut to a width, behind a word if there is one in its second half. */
function cut(text: string, width = Number.POSITIVE_INFINITY): string {
  if (widthOf(text) <= width) return text;
  // A coloured cell is cut by its text alone.
  const part = firstColumns(withoutColour(text), width - 1);
  const end = part.lastIndexOf(' ');
  return `${end >= (part.length + 1) / 2 ? part.slice(0, end) : part}…`;
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
  const width = Math.max(...facts.map(([name]) => widthOf(printablePart(name))));
  const lines = facts.map(([name, value]) => {
    const text = wrapped(printablePart(value), columns - width - 2, width + 2);
    return `${paint('dim', padded(printablePart(name), width))}  ${text}`;
  });
  return lines.join('\n');
}

/** At most `limit` of the items, evenly chosen; always the first and the last. */
export function chooseEvenly<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.round((i * (items.length - 1)) / (limit - 1))] as T);
}
