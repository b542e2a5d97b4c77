import type { SweepState, Trial } from '../trial.ts';
import { amount } from './scheduler.ts';
import { fewestTrials } from './too-few.ts';

/** `1 of 9 epochs` of a trial that early termination stopped, or that is not at its end yet; undefined of one trained to its end. */
export function partOf({ settings }: Pick<SweepState, 'settings'>, { status, resource }: Trial): string | undefined {
  const { early_terminate: stopping } = settings;
  if (stopping.type === 'none' || status === 'finished') return undefined;
  return `${resource ?? 0} of ${amount(stopping.max ?? 0, stopping.resource)}`;
}

/** That no trial of a sweep was trained to its end, how far the longest came, and what would change it; undefined where one was. */
export function noneToEnd(state: Pick<SweepState, 'settings' | 'trials' | 'status'>): string | undefined {
  const { settings, trials, status } = state;
  const { early_terminate: stopping, budget } = settings;
  const own = trials.filter((trial) => trial.status !== 'duplicate');
  const [first, ...others] = own;
  if (stopping.type === 'none' || status === 'running' || first === undefined || own.some((trial) => trial.status === 'finished'))
    return undefined;
  const longest = others.reduce((most, trial) => ((trial.resource ?? 0) > (most.resource ?? 0) ? trial : most), first);
  const fewest = fewestTrials(stopping, stopping.max ?? 0);
  const found = `no trial was trained to its end: the longest had ${partOf(state, longest)}`;
  if (status === 'interrupted') return `${found}; gradloom sweep resume goes on`;
  if (own.some(({ value }) => reaches(settings.metric, value))) return `${found}; the target was reached before`;
  if (budget !== undefined) return `${found}; raise budget.duration, or lower early_terminate.max`;
  if (own.length < fewest) return `${found}; use run_cap >= ${fewest}, or a smaller eta`;
  return `${found}; those that went on, or would have, diverged or failed`;
}

function reaches({ goal, target }: SweepState['settings']['metric'], value: number | null): boolean {
  return value !== null && target !== undefined && (goal === 'minimize' ? value <= target : value >= target);
}
