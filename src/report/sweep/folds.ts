import { printable, printableSentence } from '../../errors.ts';
import type { Unreadable } from '../../sweep/folds/find.ts';
import type { CrossValidation } from '../../sweep/folds/result.ts';
import type { RunningTrial, SweepProgress, SweepRunEnd, SweepStart } from '../../sweep/session/events.ts';
import { shortPath } from '../runs/results.ts';
import { formatCount, formatCounted, formatLoss, formatMetricInterval, formatMetricValue, formatSeconds } from '../text/numbers.ts';
import { renderFacts, renderTable, type TableLook } from '../text/table.ts';
import { bar } from './progress.ts';
import { shorten } from './view/charted.ts';

const GAP = '  ';
const BAR = 10;
/** More folds under way than this are counted. */
const MAX_RUNNING = 8;

/** What a cross-validation is about to do, in two lines. */
export function renderFoldsStart({ name, isResumed, directory, cores, metric }: SweepStart, folds: number): string[] {
  const before = isResumed ? ', going on' : '';
  return [
    `${printable(name)}: ${formatCounted(folds, 'fold')}${before}, ${formatCounted(cores, 'core')}; ${metric.goal} ${printable(metric.name)}`,
    `saving to ${printable(shortPath(directory), Number.POSITIVE_INFINITY)}`,
  ];
}

/** `fold 2  96.67 %  1.2s` */
export function renderFold({ replicate, status, value, seconds }: SweepRunEnd, metric: string): string {
  const result = status === 'reached' ? formatMetricValue(metric, value) : status;
  return [`fold ${replicate}`, result, formatSeconds(seconds)].join(GAP);
}

/** The folds under way, a line each. */
export function renderFoldsStatus({ running }: SweepProgress, done: number, folds: number, width: number): string[] {
  const lines = running.slice(0, MAX_RUNNING).map(renderRunning);
  const more = running.length > MAX_RUNNING ? [`and ${formatCount(running.length - MAX_RUNNING)} more`] : [];
  return [`${formatCount(done)}/${formatCounted(folds, 'fold')}`, ...lines, ...more].map((line) => shorten(line, width));
}

function renderRunning({ replicate, workers, step, toStep, loss }: RunningTrial): string {
  const share = toStep === 0 ? 0 : Math.min(1, step / toStep);
  const parts = [`fold ${String(replicate).padStart(3)}`, bar(share, BAR)];
  parts.push(toStep === 0 ? 'starting' : `step ${formatCount(step)}/${formatCount(toStep)}`);
  if (loss !== undefined) parts.push(`loss ${formatLoss(loss)}`);
  if (workers > 1) parts.push(formatCounted(workers, 'worker'));
  return parts.join(GAP);
}

/** A line a fold, and what they come to together. */
export function renderFolds({ name, directory, status, seconds, folds }: CrossValidation, look: TableLook): string {
  const { metric, values, mean, std, interval, digests, runs } = folds;
  const show = (value: number | null): string => (value === null ? '' : formatMetricValue(metric, value));
  const rows = values.map((value, fold) => [String(fold), show(value), (digests[fold] ?? '').slice(0, 12), runs[fold] ?? '']);
  const facts: [string, string][] = [['folds', `${printable(name)}: ${status}, ${formatCounted(values.length, 'fold')}`]];
  if (mean !== null) facts.push(['mean', `${printable(metric)} ${show(mean)}`]);
  if (std !== null) facts.push(['std', show(std)]);
  if (interval !== null) facts.push(['95 %', `${formatMetricInterval(metric, interval)}, of the mean (Student's t)`]);
  facts.push(
    ['time', `${formatSeconds(seconds)}, one fold after the other`],
    ['saved', printable(shortPath(directory), Number.POSITIVE_INFINITY)],
  );
  const table = renderTable({ head: ['fold', printable(metric), 'digest', 'run'], rows, align: ['right', 'right', 'left', 'left'] }, look);
  return `${table}\n\n${renderFacts(facts, look)}`;
}

/** `iris-20261129-080000-1a2b3c  val.accuracy 96.67 %, std 2.11 %, 5 folds`: a line of a list. */
export function renderFoldsLine(found: CrossValidation | Unreadable): string {
  if ('problem' in found) return `${printable(found.id)}  cannot be read: ${printableSentence(found.problem, 300)}`;
  const { id, status, folds } = found;
  const { metric, values, mean, std } = folds;
  const done = values.filter((value) => value !== null).length;
  const counted = formatCounted(values.length, 'fold');
  if (mean === null || std === null) return `${printable(id)}  ${status}, ${formatCount(done)} of ${counted}`;
  const show = (value: number): string => formatMetricValue(metric, value);
  return `${printable(id)}  ${printable(metric)} ${show(mean)}, std ${show(std)}, ${counted}`;
}
