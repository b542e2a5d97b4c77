import { printable } from '../../errors.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { RunningTrial, SweepProgress, SweepStart } from '../../sweep/session/events.ts';
import type { Trial } from '../../sweep/trial.ts';
import { shortPath } from '../runs/results.ts';
import {
  formatCount,
  formatCounted,
  formatLoss,
  formatMetricValue,
  formatPercent,
  formatSeconds,
  formatSecondsLeft,
} from '../text/numbers.ts';
import { isVaried, shortNumber } from './view/cells.ts';
import { shorten, shortNames } from './view/charted.ts';

const GAP = '  ';
const BAR_MIN = 10;
const BAR_MAX = 40;
/** More running trials than this are counted. */
const MAX_RUNNING = 8;

/** What a sweep is about to do, in two lines. */
export function renderSweepStart({ name, trials, total, cores, sideBySide, isResumed, directory, metric, where }: SweepStart): string[] {
  const count = total === undefined ? 'trials until the budget ends' : formatCounted(total, 'trial');
  const before = isResumed ? `, ${formatCount(trials)} of them begun before` : '';
  const place = where === undefined ? `${formatCounted(cores, 'core')}, up to ${formatCount(sideBySide)} side by side` : printable(where);
  return [
    `${printable(name)}: ${count}${before}, ${place}; ${metric.goal} ${printable(metric.name)}`,
    `saving to ${printable(shortPath(directory), Number.POSITIVE_INFINITY)}`,
  ];
}

/** `trial  7  94.20 %  pruned after 3 epochs  lr 0.003, batch_size 64  2.1s` */
export function renderTrial(trial: Trial, settings: SweepSettings): string {
  const { metric, early_terminate: early } = settings;
  const { number, value, status, resource, reasons, seconds, duplicateOf } = trial;
  const parts = [`trial ${String(number).padStart(3)}`];
  if (value !== null) parts.push(formatMetricValue(metric.name, value));
  const unit = early.type === 'none' ? undefined : early.resource.slice(0, -1);
  const after = unit === undefined || resource === undefined ? '' : ` after ${formatCounted(resource, unit)}`;
  parts.push(`${status === 'paused' ? 'waits' : status}${after}`);
  if (duplicateOf === undefined) parts.push(renderAssignment(trial, settings));
  if (status === 'failed' || status === 'diverged' || status === 'duplicate')
    parts.push(...reasons.slice(-1).map((reason) => printable(reason.replace(`${status}: `, ''), 500)));
  if (seconds > 0) parts.push(formatSeconds(seconds));
  return parts.filter((part) => part !== '').join(GAP);
}

/** `lr 0.003, batch_size 64` */
function renderAssignment({ assignment }: Pick<Trial, 'assignment'>, settings: SweepSettings): string {
  const keys = Object.keys(assignment).filter((key) => isVaried(settings, key));
  const names = shortNames(keys);
  return keys.map((key, i) => printable(`${names[i]} ${shortNumber(assignment[key] ?? null)}`, 80)).join(', ');
}

export interface SweepStatusLook {
  settings: SweepSettings;
  best: Trial | undefined;
  total: number | undefined;
  /** What the trials under way set, by number. */
  assignments: ReadonlyMap<number, Trial['assignment']>;
  /** How many trials came as far as each rung. */
  rungs: readonly (readonly [resource: number, reached: number])[];
  /** Columns that a line may fill. */
  width: number;
}

/** The state of a sweep in a few lines: how far, the best, the rungs, and a line for each trial under way. */
export function renderSweepStatus(progress: SweepProgress, look: SweepStatusLook): string[] {
  const { running } = progress;
  const lines = [renderWhole(progress, look), renderStanding(look)].filter((line) => line !== '');
  const shown = running.slice(0, MAX_RUNNING).map((trial) => renderRunning(trial, look));
  const more = running.length - shown.length;
  return [...lines, ...shown, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].map((line) => shorten(line, look.width));
}

function renderWhole({ ended, done, expected, secondsLeft, queued }: SweepProgress, { total, width }: SweepStatusLook): string {
  const count = total === undefined ? formatCounted(ended, 'trial') : `${formatCount(ended)}/${formatCount(total)} trials`;
  const share = expected === undefined || expected === 0 ? undefined : Math.min(1, done / expected);
  const left = secondsLeft === undefined ? [] : [`${formatSecondsLeft(secondsLeft)} left`];
  const waiting = queued === 0 ? [] : [`${formatCount(queued)} queued`];
  if (share === undefined) return [count, ...waiting, ...left].join(GAP);
  const words = [count, formatPercent(share, 0), ...waiting, ...left];
  const room = Math.min(BAR_MAX, width - words.join(GAP).length - GAP.length);
  return room < BAR_MIN ? words.join(GAP) : [count, bar(share, room), ...words.slice(1)].join(GAP);
}

function renderStanding({ settings, best, rungs }: SweepStatusLook): string {
  const parts: string[] = [];
  if (best !== undefined) {
    const value = formatMetricValue(settings.metric.name, best.value);
    parts.push(`best ${value} (trial ${best.number}: ${renderAssignment(best, settings)})`);
  }
  const early = settings.early_terminate;
  if (rungs.length > 0 && early.type !== 'none')
    parts.unshift(`${early.resource} ${rungs.map(([resource, reached]) => `${resource}: ${reached}`).join(', ')}`);
  return parts.join(GAP);
}

function renderRunning(
  { trial, replicate, workers, step, toStep, loss, agent }: RunningTrial,
  { settings, assignments }: SweepStatusLook,
): string {
  const seed = replicateText(replicate, settings);
  const share = toStep === 0 ? 0 : Math.min(1, step / toStep);
  const place = toStep === 0 ? 'starting' : `step ${formatCount(step)}/${formatCount(toStep)}`;
  const parts = [`trial ${String(trial).padStart(3)}${seed}`, bar(share, BAR_MIN), place];
  if (loss !== undefined) parts.push(`loss ${formatLoss(loss)}`);
  if (workers > 1) parts.push(formatCounted(workers, 'worker'));
  if (agent !== undefined) parts.push(printable(agent, 40));
  const assignment = assignments.get(trial);
  if (assignment !== undefined) parts.push(renderAssignment({ assignment }, settings));
  return parts.join(GAP);
}

/** ` seed 1`, ` fold 4`, ` seed 1 fold 4` */
function replicateText(replicate: number, { seeds, folds = 1 }: SweepSettings): string {
  const seed = seeds > 1 ? ` seed ${Math.floor(replicate / folds)}` : '';
  return `${seed}${folds > 1 ? ` fold ${replicate % folds}` : ''}`;
}

export function bar(share: number, columns: number): string {
  const filled = Math.floor(share * columns);
  return '█'.repeat(filled) + '░'.repeat(columns - filled);
}
