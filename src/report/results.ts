import path from 'node:path';
import { printable } from '../errors.ts';
import type { Summary } from '../runs/events.ts';
import { renderCurve } from './curve.ts';
import type { History, HistoryRow } from './history.ts';
import { renderConfusion, renderMetrics } from './metrics.ts';
import { formatCount, formatCounted, formatLoss, formatPercent, formatSeconds } from './numbers.ts';
import { renderScores } from './progress.ts';
import { chooseEvenly, renderFacts, renderTable, type TableLook } from './table.ts';

const MAX_ROWS = 20;

export interface ResultsLook extends TableLook {
  columns: number;
  stepsPerEpoch: number;
}

/** What a run came to: its epochs, its loss curve, and the final numbers. */
export function renderResults(history: History, summary: Summary, look: ResultsLook): string {
  const parts = [
    renderHistory(history, look),
    renderCurve(history.curve(look.stepsPerEpoch), look.columns),
    renderConfusion(summary, look),
    renderMetrics(summary, look),
    renderSummary(summary, look),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function renderHistory(history: History, look: TableLook): string | undefined {
  const { unit, rows } = history.rows();
  if (rows.length === 0) return undefined;
  const hasAccuracy = rows.some(({ trainAccuracy }) => trainAccuracy !== undefined);
  const split = rows.find(({ evaluation }) => evaluation !== undefined)?.evaluation?.split;
  const hasSplitAccuracy = rows.some(({ evaluation }) => evaluation?.accuracy !== undefined);
  const columns: [head: string, cell: (row: HistoryRow) => string][] = [
    [unit, ({ at }) => formatCount(at)],
    ['train loss', ({ trainLoss }) => formatLoss(trainLoss)],
  ];
  if (hasAccuracy) columns.push(['train accuracy', ({ trainAccuracy }) => formatPercent(trainAccuracy)]);
  if (split !== undefined) columns.push([`${split} loss`, ({ evaluation }) => formatLoss(evaluation?.loss)]);
  if (hasSplitAccuracy) columns.push([`${split} accuracy`, ({ evaluation }) => formatPercent(evaluation?.accuracy)]);
  const shown = chooseEvenly(rows, MAX_ROWS);
  return renderTable({ head: columns.map(([head]) => head), rows: shown.map((row) => columns.map(([, cell]) => cell(row))) }, look);
}

function renderSummary(summary: Summary, { paint }: TableLook): string {
  const { last, phases } = summary;
  const done = `${formatCounted(summary.steps, 'step')}, ${formatCounted(summary.epochs, 'epoch')}`;
  const restored = last['restored.from'] ?? undefined;
  const parameters = restored === undefined ? '' : `, with the parameters of step ${formatCount(restored)}`;
  const facts: [string, string][] = [['run', `${printable(summary.name)}: ${summary.status} after ${done}${parameters}`]];
  if (last['train.eval_loss'] !== undefined) facts.push(['train', scores('train.eval_loss', 'train.accuracy')]);
  else if (last['train.loss'] !== undefined) facts.push(['train', `loss ${formatLoss(last['train.loss'])} in the last batch`]);
  if (last['val.loss'] !== undefined) facts.push(['val', scores('val.loss', 'val.accuracy')]);
  if (last['test.loss'] !== undefined) facts.push(['test', scores('test.loss', 'test.accuracy')]);
  for (const average of ['ema', 'swa']) {
    for (const split of ['val', 'test']) {
      const loss = `${split}.${average}_loss`;
      if (last[loss] !== undefined) facts.push([`${split} ${average}`, scores(loss, `${split}.${average}_accuracy`)]);
    }
  }
  facts.push([
    'time',
    `${formatSeconds(summary.seconds)}, ${formatCount(summary.samples_per_second)} samples/s with ${formatCounted(summary.workers, 'worker')}`,
  ]);
  const shares = `compute ${formatPercent(phases.compute, 1)}, wait ${formatPercent(phases.wait, 1)}, reduce ${formatPercent(phases.reduce, 1)}`;
  facts.push(['workers', shares], ['digest', summary.digest]);
  if (summary.directory !== null) facts.push(['saved', printable(shortPath(summary.directory), Number.POSITIVE_INFINITY)]);
  return renderFacts(facts, paint);

  function scores(loss: string, accuracy: string): string {
    return renderScores('', last[loss], last[accuracy]).trimStart();
  }
}

/** Relative to the working directory where it is inside it. */
export function shortPath(absolute: string): string {
  const relative = path.relative(process.cwd(), absolute);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? absolute : relative;
}
