import { printable } from '../../errors.ts';
import { shortId } from '../../runs/files/run-id.ts';
import type { Cell, CellKind, Column } from '../../runs/store/columns.ts';
import type { Comparison, RunTable } from '../../runs/store/table.ts';
import { csvCell } from '../text/csv.ts';
import { markdownTable } from '../text/markdown.ts';
import { formatCount, formatLoss, formatPercent, formatSeconds } from '../text/numbers.ts';
import { sparkline } from '../text/sparkline.ts';
import { type Fitting, fitColumns, gapOf, renderTable, type Table, type TableLook } from '../text/table.ts';
import { wrapped } from '../text/wrapped.ts';

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
  if (title === 'digest') return printable(String(cell).slice(0, DIGEST_DIGITS));
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
  const { left, table: shown } = fitting(table, look);
  return `${renderTable(shown, look)}${leftOut(left, look)}`;
}

/** As `renderRunTable`, with the curves beside each other on one scale where that costs nothing but minor columns. */
export function renderComparison(comparison: Comparison, look: RunTableLook): string {
  const { curve, rows } = comparison;
  const { table, left } = fitting(comparison, { ...look, columns: look.columns - CURVE_WIDTH - gapOf(look) });
  if (curve === undefined || left.some(({ title }) => !MINOR.has(title))) return renderRunTable(comparison, look);
  const curves = rows.map(({ run }) => curve.of(run)?.values ?? []);
  const finite = curves.flat().filter((value) => value !== null);
  const scale = { low: Math.min(...finite), high: Math.max(...finite), width: CURVE_WIDTH };
  const { head, rows: cells, align = [] } = table;
  const lines = cells.map((texts, i) => [...texts, sparkline(curves[i] ?? [], scale)]);
  return `${renderTable({ head: [...head, curve.metric], rows: lines, align: [...align, 'left'] }, look)}${leftOut(left, look)}`;
}

function leftOut(left: readonly Column[], { paint, columns }: RunTableLook): string {
  if (left.length === 0) return '';
  const titles = left.map(({ title }) => printable(title, MAX_TEXT)).join(', ');
  return `\n${paint('dim', wrapped(`left out for want of room: ${titles} (--cols chooses, --csv has all)`, columns))}`;
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

/**
 * The first column always stays. Config keys tell the runs apart: so from the right go first what is minor, then the other results but for
 * one, then the keys.
 */
function fitting(table: RunTable, look: RunTableLook): Fitting<Column> {
  const goes = (shown: readonly Column[]): Column | undefined => {
    const others = shown.slice(1);
    const results = others.filter(({ kind }) => kind !== 'config');
    const minor = results.findLast(({ title }) => MINOR.has(title));
    return minor ?? (results.length > 1 ? results.at(-1) : undefined) ?? others.findLast(({ kind }) => kind === 'config') ?? others.at(-1);
  };
  return fitColumns(table.columns, look, goes, (shown) => tableOf(table, shown));
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
