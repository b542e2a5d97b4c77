import { printable } from '../../errors.ts';
import type { ModelEvaluation } from '../../use/evaluate/evaluate.ts';
import { formatCount } from '../text/numbers.ts';
import { renderFacts, renderTable, type Table, type TableLook, tableWidth } from '../text/table.ts';

/** Larger matrices are for programs. */
const MAX_SHOWN_CLASSES = 20;
const DIGITS = 6;

/** What `gradloom evaluate` shows. */
export function renderEvaluation(name: string, { rows, loss, metrics, confusion, classes }: ModelEvaluation, look: TableLook): string {
  const facts: [string, string][] = [
    ['data', printable(name)],
    ['rows', formatCount(rows)],
    ['loss', loss.toFixed(DIGITS)],
    ...Object.entries(metrics).map(([metric, value]): [string, string] => [metric, value.toFixed(DIGITS)]),
  ];
  const parts = [renderFacts(facts, look)];
  if (classes !== undefined) {
    const scores = classes.map(({ class: of, precision, recall, f1, support }) => [
      printable(of),
      ...[precision, recall, f1].map((value) => value.toFixed(4)),
      formatCount(support),
    ]);
    parts.push(
      renderTable(
        { head: ['class', 'precision', 'recall', 'f1', 'support'], rows: scores, align: ['left', 'right', 'right', 'right', 'right'] },
        look,
      ),
    );
  }
  if (confusion !== undefined && classes !== undefined && classes.length <= MAX_SHOWN_CLASSES) {
    const names = classes.map((one) => printable(one.class));
    const cells = confusion.map((counts, label) => [names[label] ?? '', ...counts.map(formatCount)]);
    const table: Table = { head: ['true \\ predicted', ...names], rows: cells, align: ['left', ...names.map(() => 'right' as const)] };
    // Part of a matrix says nothing.
    const isTooWide = tableWidth(table, look.boxed) > (look.columns ?? Number.POSITIVE_INFINITY);
    parts.push(isTooWide ? `confusion of ${names.length} classes: too wide to show; --json has it` : renderTable(table, look));
  }
  return parts.join('\n\n');
}
