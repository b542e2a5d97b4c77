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
  const text = renderTable(tableOf(table, shown), look);
  if (left.length === 0) return text;
  const names = left.map(({ title }) => title).join(', ');
  return `${text}\n${look.paint('dim', `left out for want of room: ${names} (--cols chooses, --csv has all)`)}`;
}

/** As `renderRunTable`, with the curves beside each other on one scale if there is room. */
export function renderComparison(comparison: Comparison, look: RunTableLook): string {
  const { curve } = comparison;
  const { shown, left } = fitting(comparison, look);
  if (curve === undefined || left.length > 0) return renderRunTable(comparison, look);
  const plain = tableOf(comparison, shown);
  const room = look.columns - widthOf(plain, look) - gapOf(look);
  if (room < CURVE_WIDTH) return renderRunTable(comparison, look);
  const curves = comparison.rows.map(({ run }) => curve.of(run)?.values ?? []);
  const finite = curves.flat().filter((value) => value !== null);
  const scale = { low: Math.min(...finite), high: Math.max(...finite), width: CURVE_WIDTH };
  return renderTable(
    {
      head: [...plain.head, curve.metric],
      rows: plain.rows.map((cells, i) => [...cells, sparkline(curves[i] ?? [], scale)]),
      align: [...(plain.align ?? []), 'left'],
    },
    look,
  );
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

/** The first column always stays; from the right go all but two of what is no config key, then the config keys, then the rest. */
function fitting(table: RunTable, look: RunTableLook): { shown: Column[]; left: Column[] } {
  let shown = [...table.columns];
  const left: Column[] = [];
  while (shown.length > 1 && widthOf(tableOf(table, shown), look) > look.columns) {
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
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]?.length ?? 0)));
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
