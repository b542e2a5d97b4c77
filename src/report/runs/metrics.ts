import { isMetric } from '../../config/names/metrics.ts';
import { SPLITS } from '../../data/dataset.ts';
import type { Summary } from '../../runs/events.ts';
import { RUN_FILES } from '../../runs/files/names.ts';
import { formatLoss, formatPercent } from '../text/numbers.ts';
import { unpainted } from '../text/paint.ts';
import { renderTable, type TableLook } from '../text/table.ts';

export interface MatrixLook extends TableLook {
  columns: number;
}

/** The metrics beside loss and accuracy, a line each, at their last evaluation; undefined without any. */
export function renderMetrics({ last }: Pick<Summary, 'last'>, look: TableLook): string | undefined {
  const of = (split: string, name: string): number | null | undefined => last[`${split}.${name}`];
  const names = new Set(Object.keys(last).map((key) => key.slice(key.indexOf('.') + 1)));
  const shown = [...names].filter((name) => isMetric(name) && name !== 'accuracy' && SPLITS.some((split) => of(split, name) !== undefined));
  if (shown.length === 0) return undefined;
  const splits = SPLITS.filter((split) => shown.some((name) => of(split, name) !== undefined));
  const rows = shown.map((name) => [name, ...splits.map((split) => formatMetric(name, of(split, name)))]);
  return renderTable({ head: ['metric', ...splits], rows, align: ['left', ...splits.map(() => 'right' as const)] }, look);
}

function formatMetric(name: string, value: number | null | undefined): string {
  return name.endsWith('_accuracy') ? formatPercent(value) : formatLoss(value);
}

/** The confusion matrix of the test set, or of what was evaluated instead; only its place where the lines would be too long. */
export function renderConfusion({ confusion }: Pick<Summary, 'confusion'>, look: MatrixLook): string | undefined {
  const split = (['test', 'val', 'train'] as const).find((name) => confusion?.[name] !== undefined);
  const matrix = split && confusion?.[split];
  if (matrix === undefined) return undefined;
  const title = `confusion in ${split}: rows are classes, columns what they were taken for`;
  const head = ['', ...matrix.map((_, predicted) => String(predicted))];
  const table = { head, rows: matrix.map((counts, label) => [String(label), ...counts.map(String)]) };
  const width = (renderTable(table, { boxed: look.boxed, paint: unpainted }).split('\n')[0] ?? '').length;
  if (width > look.columns) return `${title}; ${matrix.length} x ${matrix.length}, too wide to show: it is in ${RUN_FILES.summary}`;
  return `${title}\n${renderTable(table, look)}`;
}
