import { GradloomError, printable } from '../../errors.ts';
import { commandOf } from '../../storage/shell.ts';
import type { SweepState, Trial } from '../trial.ts';
import { axesOf } from './axes.ts';
import { type Importance, importanceOf, MIN_TRIALS } from './importance.ts';

/** The importance of a sweep's parameters, and what it was taken from. */
export interface SweepImportance extends Importance {
  /** For example `compared after 1 epoch, which all of them reached`. */
  basis: string;
}

/**
 * The importance of the parameters of a sweep.
 *
 * Where hopeless trials were stopped, results are of different lengths of training, and the longest-trained are a choice: so all are compared at
 * the point that all reached. A diverged trial counts as the worst result, as it does for the samplers; a failed one tells nothing.
 *
 * @returns undefined with too few trials that differ
 */
export function sweepImportance(state: Pick<SweepState, 'settings' | 'trials'>): SweepImportance | undefined {
  const { settings, trials } = state;
  const { goal } = settings.metric;
  const isBetter = (a: number, b: number): boolean => (goal === 'minimize' ? a < b : a > b);
  const judged = trials.filter(({ value, status }) => value !== null && status !== 'duplicate');
  const isShortened = settings.early_terminate.type !== 'none';
  const common = isShortened ? commonEpoch(judged) : undefined;
  const results = trials.map((trial): number => {
    if (!judged.includes(trial)) return Number.NaN;
    if (common === undefined) return trial.value ?? Number.NaN;
    const until = trial.curve.filter(({ epoch }) => epoch <= common).map(({ value }) => value);
    return until.length === 0 ? Number.NaN : until.reduce((best, value) => (isBetter(value, best) ? value : best));
  });
  const worst = results
    .filter(Number.isFinite)
    .reduce((far, value) => (isBetter(value, far) ? far : value), results.find(Number.isFinite) ?? Number.NaN);
  const metric = trials.map(({ status }, i) => (status === 'diverged' ? worst : (results[i] as number)));
  const assignments = trials.map(({ assignment }) => assignment);
  const found = importanceOf(axesOf(settings, assignments), metric, { seed: settings.seed });
  if (found === undefined) return undefined;
  const diverged = trials.filter(({ status }) => status === 'diverged').length;
  const counted = diverged === 0 ? '' : `, the ${diverged} diverged as the worst`;
  const at =
    common === undefined
      ? 'compared at their end'
      : `compared after ${common} ${common === 1 ? 'epoch' : 'epochs'}, which all of them reached`;
  return { ...found, basis: `${at}${counted}` };
}

/** The last epoch that every trial was evaluated at or after; undefined without curves. */
function commonEpoch(trials: readonly Trial[]): number | undefined {
  const ends = trials.flatMap(({ curve }) => curve.at(-1)?.epoch ?? []);
  return ends.length < trials.length || ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * The importance of the parameters of a sweep.
 *
 * @throws GradloomError E_SWEEP_RESULT if there are too few trials that differ
 */
export function requireImportance(state: SweepState): SweepImportance {
  const found = sweepImportance(state);
  if (found !== undefined) return found;
  const count = state.trials.filter(({ value, status }) => value !== null && status !== 'duplicate').length;
  throw new GradloomError({
    code: 'E_SWEEP_RESULT',
    where: printable(state.directory),
    message: `importance needs ${MIN_TRIALS} trials with results that differ; got ${count} ${count === 1 ? 'result' : 'results'}; a larger run_cap makes more`,
    next: commandOf('sweep status', state.directory),
  });
}
