import { printable } from '../errors.ts';
import type { Cell, CellKind, Column } from '../runs/columns.ts';
import type { Comparison, RunTable } from '../runs/run-table.ts';
import { shortId } from '../runs/store.ts';
import { csvCell } from './csv.ts';
import { markdownTable } from './markdown.ts';
import { formatCount, formatLoss, formatPercent, formatSeconds } from './numbers.ts';
import { sparkline } from './sparkline.ts';
import { renderTable, type Table, type TableLook } from './table.ts';

/** Of a digest in a table; more is in `runs show`. */
const DIGEST_DIGITS = 12;
const CURVE_WIDTH = 20;
const MAX_TEXT = 60;
/** What a curve is worth more than. */
const MINOR = new Set(['digest', 'steps', 'status', 'seconds']);

export interface RunTableLook extends TableLook {
  /** Width to keep to. */
  columns: number;
}

/** A value as people read it. */
export function formatCell(kind: CellKind, cell: Cell, title = ''): string {
  if (cell === null) return '-';
  if (title === 'digest') return String(cell).slice(0, DIGEST_DIGITS);
  if (title === 'id') return printable(shortId(String(cell)), MAX_TEXT);
  if (typeof cell !== 'number') return kind === 'time' ? localTime(String(cell)) : printable(String(cell), MAX_TEXT);
  switch (kind) {
    case 'count':
      return formatCount(cell);
    case 'seconds':
      return formatSeconds(cell);
    case 'loss':
      return formatLoss(cell);
    case 'share':
      return formatPercent(cell);
    default:
      return String(cell);
  }
}

/** `2026-11-26 04:14`, where the reader is. */
function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The table, with as many columns as fit; what is left out is said below it. */
export function renderRunTable(table: RunTable, look: RunTableLook): string {
  const { shown, left } = fitting(table, look);
  const text = renderTable(shownTable(table, shown, look), look);
  return `${text}${leftOut(left, look)}`;
}

/** As `renderRunTable`, with the curves beside each other on one scale where that costs nothing but minor columns. */
export function renderComparison(comparison: Comparison, look: RunTableLook): string {
  const { curve, columns, rows } = comparison;
  const room = look.columns - CURVE_WIDTH - gapOf(look);
  const { shown, left } = fitting(comparison, look, room);
  if (curve === undefined || left.some(({ title }) => !MINOR.has(title))) return renderRunTable(comparison, look);
  const curves = rows.map(({ run }) => curve.of(run)?.values ?? []);
  const finite = curves.flat().filter((value) => value !== null);
  const scale = { low: Math.min(...finite), high: Math.max(...finite), width: CURVE_WIDTH };
  const { head, rows: cells, align = [] } = shownTable({ columns, rows }, shown, look, room);
  const lines = cells.map((texts, i) => [...texts, sparkline(curves[i] ?? [], scale)]);
  return `${renderTable({ head: [...head, curve.metric], rows: lines, align: [...align, 'left'] }, look)}${leftOut(left, look)}`;
}

function leftOut(left: readonly Column[], { paint }: RunTableLook): string {
  if (left.length === 0) return '';
  return `\n${paint('dim', `left out for want of room: ${left.map(({ title }) => title).join(', ')} (--cols chooses, --csv has all)`)}`;
}

/** @param shown  some of the columns */
function tableOf({ columns, rows }: RunTable, shown: readonly Column[] = columns): Table {
  const at = shown.map((column) => columns.indexOf(column));
  return {
    head: shown.map(({ title }) => printable(title === 'id' ? 'run' : title, MAX_TEXT)),
    rows: rows.map(({ cells }) => at.map((i) => formatCell(columns[i]?.kind ?? 'text', cells[i] ?? null, columns[i]?.title))),
    align: shown.map(({ kind }) => (kind === 'text' ? 'left' : 'right')),
  };
}

/** The table of the columns, with titles in two lines where it would be too wide otherwise. */
function shownTable(table: RunTable, shown: readonly Column[], look: RunTableLook, columns = look.columns): Table {
  const whole = tableOf(table, shown);
  return widthOf(whole, look) > columns ? withShortHeads(whole) : whole;
}

/** Breaks titles that are wider than what stands below them: `min val.loss` after the word, a config key before its last name. */
function withShortHeads(table: Table): Table {
  const head = table.head.map((title, i) => {
    const width = Math.max(...table.rows.map((cells) => cells[i]?.length ?? 0));
    return title.length <= width ? title : title.replace(/ |(?<=\.)(?=[^.]+$)/, '\n');
  });
  return { ...table, head };
}

/** The first column always stays; from the right go all but two of what is no config key, then the config keys, then the rest. */
function fitting(table: RunTable, look: RunTableLook, columns = look.columns): { shown: Column[]; left: Column[] } {
  let shown = [...table.columns];
  const left: Column[] = [];
  while (shown.length > 1 && widthOf(withShortHeads(tableOf(table, shown)), look) > columns) {
    const others = shown.slice(1);
    const results = others.filter(({ kind }) => kind !== 'config');
    const gone = (results.length > 2 ? results.at(-1) : others.findLast(({ kind }) => kind === 'config')) ?? others.at(-1);
    if (gone === undefined) break;
    left.unshift(gone);
    shown = shown.filter((column) => column !== gone);
  }
  return { shown, left };
}

function widthOf({ head, rows }: Table, look: RunTableLook): number {
  const widths = head.map((title, i) =>
    Math.max(...title.split('\n').map(({ length }) => length), ...rows.map((cells) => cells[i]?.length ?? 0)),
  );
  const gap = gapOf(look);
  return widths.reduce((sum, width) => sum + width + gap, look.boxed ? 1 : -gap);
}

/** Between two columns. */
function gapOf({ boxed }: TableLook): number {
  return boxed ? 3 : 2;
}

/** All columns with values as they are, for spreadsheets; RFC 4180. */
export function runTableCsv({ columns, rows }: RunTable): string {
  const lines = rows.map(({ cells }) => cells.map((cell) => csvCell(typeof cell === 'boolean' ? String(cell) : cell)).join(','));
  return `${[columns.map(({ title }) => csvCell(title)).join(','), ...lines].join('\r\n')}\r\n`;
}

/** All columns as a table of GitHub's Markdown. */
export function runTableMarkdown(table: RunTable): string {
  return markdownTable(tableOf(table));
}

/** One object a run, for programs. */
export function runTableObjects({ columns, rows }: RunTable): Record<string, Cell>[] {
  return rows.map(({ run, cells }) => ({
    ...Object.fromEntries(columns.map(({ title }, i) => [title, cells[i] ?? null])),
    directory: run.directory,
  }));
}
