import { printable } from '../../../errors.ts';
import { replicatesOf, type SweepSettings } from '../../../sweep/schema.ts';
import type { SweepState, Trial } from '../../../sweep/trial.ts';
import { formatCount, formatCounted, formatMetricInterval, formatMetricValue } from '../../text/numbers.ts';
import { statusWord } from './cells.ts';

const ORDER: readonly ReturnType<typeof statusWord>[] = [
  'running',
  'interrupted',
  'paused',
  'queued',
  'finished',
  'pruned',
  'diverged',
  'failed',
  'duplicate',
];

/** `60: 2 finished, 58 pruned` */
export function countStatuses(state: Pick<SweepState, 'trials' | 'status'>): string {
  const { trials } = state;
  const counts = ORDER.flatMap((status) => {
    const count = trials.filter((trial) => statusWord(trial, state) === status).length;
    return count === 0 ? [] : [`${formatCount(count)} ${status}`];
  });
  return counts.length === 0 ? 'none' : `${formatCount(trials.length)}: ${counts.join(', ')}`;
}

/** `tpe, seed 7, maximize val.accuracy, asha on epochs` */
export function describeMethod({ settings }: Pick<SweepState, 'settings'>): string {
  const { method, seed, metric, early_terminate: early, execution } = settings;
  return [
    method,
    `seed ${seed}`,
    `${metric.goal} ${printable(metric.name)}`,
    ...(replicatesOf(settings) > 1 ? [`${repeatsText(settings)} a trial`] : []),
    ...(early.type === 'none' ? [] : [`${early.type} on ${early.resource}`]),
    ...(execution.order === 'arrival' ? ['order of arrival: not replayable'] : []),
  ].join(', ');
}

/** `trial 12: val.accuracy 97.30 % (96.90 % to 97.70 %, 5 seeds)` */
export function renderWinner(trial: Trial, settings: SweepSettings): string {
  const { name } = settings.metric;
  return `trial ${trial.number}: ${printable(name)} ${formatMetricValue(name, trial.value)}${intervalText(trial, settings)}`;
}

/** ` (96.90 % to 97.70 %, 5 seeds)`; nothing of one value. */
export function intervalText({ interval }: Pick<Trial, 'interval'>, settings: SweepSettings): string {
  if (interval === undefined) return '';
  return ` (${formatMetricInterval(settings.metric.name, interval)}, ${repeatsText(settings)})`;
}

/** The runs of a trial: `5 folds`, `3 seeds`, `2 seeds of 5 folds`. */
export function repeatsText({ seeds, folds }: Pick<SweepSettings, 'seeds' | 'folds'>): string {
  if (folds === undefined) return formatCounted(seeds, 'seed');
  const counted = formatCounted(folds, 'fold');
  return seeds === 1 ? counted : `${formatCounted(seeds, 'seed')} of ${counted}`;
}
