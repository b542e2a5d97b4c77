import CliTable from 'cli-table3';
import type { Paint } from './paint.ts';

export interface Table {
  /** May have several lines. */
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
}

export function renderTable({ head, rows, align = head.map(() => 'right') }: Table, { boxed, paint }: TableLook): string {
  const heads = head.map((text) => text.split('\n'));
  const height = Math.max(...heads.map(({ length }) => length));
  // Each title stands right above its column.
  const lines = Array.from({ length: height }, (_, i) => heads.map((texts) => texts[i - height + texts.length] ?? ''));
  if (!boxed) return renderPlain([...lines, ...rows], align);
  // cli-table3 would choose colours by itself, without looking at the stream: so it gets none.
  const table = new CliTable({
    head: head.map((_, column) => lines.map((texts) => (texts[column] === '' ? '' : paint('bold', texts[column] ?? ''))).join('\n')),
    colAligns: [...align],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) table.push([...row]);
  // With lines between rows switched off, the line below the head has to be put back.
  const [top = '', ...rest] = table.toString().split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, ...rest.slice(0, height), line, ...rest.slice(height)].join('\n');
}

function renderPlain(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((text, column) => (align[column] === 'left' ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))),
  );
  return lines.map((cells) => cells.join('  ').trimEnd()).join('\n');
}

/** Lines of `name  value`, the values below each other. */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[], paint: Paint): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${paint('dim', name.padEnd(width))}  ${value}`).join('\n');
}

/** At most `limit` of the items, evenly chosen; always the first and the last. */
export function chooseEvenly<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.round((i * (items.length - 1)) / (limit - 1))] as T);
}
