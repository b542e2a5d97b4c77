import path from 'node:path';
import { printable } from '../../errors.ts';
import type { Summary } from '../../runs/events.ts';
import { renderCurve } from '../text/curve.ts';
import { formatCount, formatCounted, formatLoss, formatMetricValue, formatPercent, formatSeconds } from '../text/numbers.ts';
import { renderScores } from '../text/progress.ts';
import { renderFacts, type TableLook } from '../text/table.ts';
import type { History } from './history.ts';
import { renderConfusion, renderMetrics } from './metrics.ts';

/** Less than this is not told. */
const LEAST_SECONDS = 0.001;

export interface ResultsLook extends TableLook {
  columns: number;
  stepsPerEpoch: number;
  /** The metric that the run followed, if it did. */
  watched?: string | undefined;
}

/** What a run came to: its loss curve and the final numbers. Its epochs have left their lines. */
export function renderResults(history: History, summary: Summary, look: ResultsLook): string {
  const parts = [
    renderCurve(history.curve(look.stepsPerEpoch), look.columns, history.evaluated()),
    renderConfusion(summary, look),
    renderMetrics(summary, look),
    renderSummary(summary, look),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function renderSummary(summary: Summary, look: ResultsLook): string {
  const { stepsPerEpoch, watched } = look;
  const { last, phases } = summary;
  const done = `${formatCounted(summary.steps, 'step')}, ${formatCounted(summary.epochs, 'epoch')}`;
  const restored = last['restored.from'] ?? undefined;
  const parameters = restored === undefined ? '' : `, with the parameters of step ${formatCount(restored)}`;
  const facts: [string, string][] = [['run', `${printable(summary.name)}: ${summary.status} after ${done}${parameters}`]];
  if (last['train.eval_loss'] !== undefined) facts.push(['train', scores('train.eval_loss', 'train.accuracy')]);
  else if (last['train.loss'] !== undefined) facts.push(['train', `loss ${formatLoss(last['train.loss'])} in the last batch`]);
  if (last['val.loss'] !== undefined) facts.push(['val', scores('val.loss', 'val.accuracy')]);
  const best = bestOf(summary, stepsPerEpoch, watched);
  if (best !== undefined) facts.push(['best', best]);
  if (last['test.loss'] !== undefined) facts.push(['test', scores('test.loss', 'test.accuracy')]);
  for (const average of ['ema', 'swa']) {
    for (const split of ['val', 'test']) {
      const loss = `${split}.${average}_loss`;
      if (last[loss] !== undefined) facts.push([`${split} ${average}`, scores(loss, `${split}.${average}_accuracy`)]);
    }
  }
  facts.push(['time', timeOf(summary)]);
  const shares = `compute ${formatPercent(phases.compute, 1)}, wait ${formatPercent(phases.wait, 1)}, reduce ${formatPercent(phases.reduce, 1)}`;
  facts.push(['workers', shares]);
  if (summary.code !== undefined) facts.push(['code', summary.code]);
  facts.push(['digest', summary.reproducible === false ? `${summary.digest}, not reproducible (parallel.reduce: fast)` : summary.digest]);
  if (summary.directory !== null) facts.push(['saved', printable(shortPath(summary.directory), Number.POSITIVE_INFINITY)]);
  return renderFacts(facts, look);

  function scores(loss: string, accuracy: string): string {
    return renderScores('', last[loss], last[accuracy]).trimStart();
  }
}

/** The whole time and the rate of training; then what the time went to. */
function timeOf(summary: Summary): string {
  const { seconds, samples_per_second: rate, workers, ranks } = summary;
  const parts = [
    ['training', summary.training_seconds],
    ['evaluation', summary.evaluation_seconds],
    ['saving', summary.checkpoint_seconds],
    ['start', summary.start_seconds],
  ] as const;
  const told = parts.filter(([, spent]) => spent >= LEAST_SECONDS).map(([part, spent]) => `${part} ${formatSeconds(spent)}`);
  const crew = `${ranks === undefined ? '' : `${formatCounted(ranks, 'rank')} of `}${formatCounted(workers, 'worker')}`;
  const whole = `${formatSeconds(seconds)}, ${formatCount(rate)} samples/s with ${crew}`;
  return told.length === 0 ? whole : `${whole}; ${told.join(', ')}`;
}

/** Where evaluations were best: by the metric that the run followed, by loss and by accuracy. undefined where there is no choice. */
function bestOf({ best, epochs }: Summary, stepsPerEpoch: number, watched: string | undefined): string | undefined {
  const split = ['val', 'test', 'train'].find((name) => best[lossName(name)] !== undefined);
  if (split === undefined || epochs < 2) return undefined;
  const names = new Set([...(watched === undefined ? [] : [watched]), lossName(split), `${split}.accuracy`]);
  const places = [...names].flatMap((name) => {
    const found = best[name];
    if (found === undefined) return [];
    const place =
      stepsPerEpoch === 1 ? `at step ${formatCount(found.step)}` : `in epoch ${formatCount(Math.ceil(found.step / stepsPerEpoch))}`;
    return [`${printable(name)} ${formatMetricValue(name, found.value)} ${place}`];
  });
  return places.join(', ');
}

function lossName(split: string): string {
  return split === 'train' ? 'train.eval_loss' : `${split}.loss`;
}

/** Relative to the working directory where it is inside it. */
export function shortPath(absolute: string): string {
  const relative = path.relative(process.cwd(), absolute);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? absolute : relative;
}
