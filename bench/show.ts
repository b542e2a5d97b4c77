import { formatCount, formatPercent } from '../src/report/text/numbers.ts';
import type { Estimate } from '../src/speedup/statistics.ts';
import type { BenchResult, Change, Section, Unit } from './figures.ts';

/** A median as its unit is written; the interval is in the JSON, and in comparisons. */
export function formatFigure(value: number | undefined, unit: Unit): string {
  if (value === undefined) return '-';
  switch (unit) {
    case 'rows/s':
      return formatCount(value);
    case 'share':
      return formatPercent(value, 0);
    case 'times':
      return value.toFixed(value < 20 ? 2 : 0);
    case 'GFLOP/s':
      return value.toFixed(1);
    case 'us':
    case 'ms':
    case 'MB':
      return value.toFixed(value < 100 ? 1 : 0);
    case 's':
      return value.toFixed(3);
    case 'loss':
      return value.toFixed(6);
  }
}

interface Cells {
  head: string[];
  rows: string[][];
}

export function sectionCells({ columns, rows }: Section): Cells {
  return {
    head: ['', ...columns.map(({ name }) => name)],
    rows: rows.map(({ name, values }) => [name, ...columns.map(({ unit }, i) => formatFigure(values[i]?.value, unit))]),
  };
}

export function changeCells(changes: readonly Change[]): Cells {
  const interval = ({ value, low, high }: Estimate): string => `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return {
    head: ['', 'figure', 'saved', 'now', 'now / saved', ''],
    rows: changes.map(({ section, row, column, saved, now, ratio, verdict }) => [
      `${section}: ${row}`,
      column.name,
      formatFigure(saved.value, column.unit),
      formatFigure(now.value, column.unit),
      interval(ratio),
      verdict,
    ]),
  };
}

/** The machine and how it was measured, one line. */
export function contextLine({ date, machine, rounds, overrides }: BenchResult): string {
  const { cpu, usable_cores: cores, node, gradloom, load_before: load } = machine;
  const set = overrides.length === 0 ? '' : `, with ${overrides.join(' ')}`;
  const before = load === null ? '' : `, load ${load.toFixed(2)} before`;
  return `${date.slice(0, 10)}, ${cpu}, ${cores} usable ${cores === 1 ? 'core' : 'cores'}, node ${node}, gradloom ${gradloom}; medians of ${rounds} rounds${set}${before}`;
}
