import { printable } from '../../../errors.ts';
import type { SweepState, Trial } from '../../../sweep/trial.ts';
import { formatCount, formatCounted, formatMetricValue } from '../../text/numbers.ts';
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
  const { method, seed, seeds, metric, early_terminate: early, execution } = settings;
  return [
    method,
    `seed ${seed}`,
    `${metric.goal} ${printable(metric.name)}`,
    ...(seeds > 1 ? [`${formatCounted(seeds, 'seed')} a trial`] : []),
    ...(early.type === 'none' ? [] : [`${early.type} on ${early.resource}`]),
    ...(execution.order === 'arrival' ? ['order of arrival: not replayable'] : []),
  ].join(', ');
}

/** `trial 12: val.accuracy 97.30 % (96.90 % to 97.70 %, 5 seeds)` */
export function renderWinner({ number, value, interval, values }: Trial, metric: string): string {
  const between =
    interval === undefined
      ? ''
      : ` (${interval.map((end) => formatMetricValue(metric, end)).join(' to ')}, ${formatCounted(values.length, 'seed')})`;
  return `trial ${number}: ${printable(metric)} ${formatMetricValue(metric, value)}${between}`;
}
