import { absenceOf, evaluatedNames, evaluationOf } from '../../config/check/evaluated.ts';
import { foldsToTrain } from '../../config/folds.ts';
import { goalNotice, goalOf } from '../../config/names/metrics.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import { printable } from '../../errors.ts';
import type { Blame } from '../check/blame.ts';
import { habitualMetric, isOfTestSet } from '../check/metric-habits.ts';
import { rungs } from '../schedulers/rungs.ts';
import type { EarlyTerminateConfig, ParsedSweep, SweepSettings } from '../schema.ts';

/** Trials of a sweep that names no end. */
const DEFAULT_TRIALS = 50;

/** Fills in what a sweep takes from its base experiment, and checks the two against each other. */
export function settle(parsed: ParsedSweep, loaded: LoadedExperiment, blame: Blame, notices: string[]): SweepSettings {
  const metric = settleMetric(parsed.metric, loaded, blame, notices);
  const early_terminate = settleStopping(parsed, loaded, blame, notices);
  const endless = parsed.run_cap === undefined && parsed.budget === undefined && parsed.method !== 'grid';
  if (endless) notices.push(`neither run_cap nor budget is given: ${DEFAULT_TRIALS} trials`);
  const folds = settleFolds(parsed, loaded, blame);
  const { rename: _read, ...settings } = parsed;
  return { ...settings, ...(endless && { run_cap: DEFAULT_TRIALS }), metric, early_terminate, ...(folds !== undefined && { folds }) };
}

function settleMetric(
  metric: ParsedSweep['metric'],
  { experiment }: LoadedExperiment,
  blame: Blame,
  notices: string[],
): SweepSettings['metric'] {
  const evaluation = evaluationOf(experiment);
  const name = habitualMetric(metric.name, evaluatedNames(evaluation));
  const absence = name === undefined ? absenceOf(metric.name, evaluation) : undefined;
  if (absence !== undefined) blame.report('E_CONFIG_VALUE', ['metric', 'name'], absence.message, absence.next);
  else if (name !== undefined && name !== metric.name) {
    const why = isOfTestSet(metric.name) ? ': the test set has no part in a search' : '';
    notices.push(`metric: ${printable(metric.name, 80)} is read as ${name}${why}`);
  }
  const used = name ?? metric.name;
  const goal = metric.goal ?? goalOf(used) ?? 'minimize';
  const doubt = goalNotice('metric.goal', goal, used);
  if (doubt !== undefined) notices.push(doubt);
  return { ...metric, name: used, goal };
}

/** Every trial is told apart by the same folds. */
function settleFolds({ parameters, zip }: ParsedSweep, { experiment }: LoadedExperiment, blame: Blame): number | undefined {
  const places = [...Object.keys(parameters).map((key) => ['parameters', key]), ...zipped(zip)];
  for (const path of places) {
    if (!/^data\.split\.folds?$/.test(path.at(-1) ?? '')) continue;
    const next = 'give data.split.folds in the base experiment, and every trial is ranked by the mean over its folds';
    blame.report('E_CONFIG_VALUE', path, 'folds do not vary: trials on other folds can not be compared', next);
  }
  return foldsToTrain(experiment);
}

function zipped(zip: ParsedSweep['zip']): string[][] {
  return Object.entries(zip).flatMap(([name, values]) => Object.keys(values).map((key) => ['zip', name, key]));
}

function settleStopping(parsed: ParsedSweep, { experiment }: LoadedExperiment, blame: Blame, notices: string[]): EarlyTerminateConfig {
  const { early_terminate: stopping, parameters, zip } = parsed;
  if (stopping.type === 'none') return stopping;
  const key = `train.${stopping.resource}`;
  const varied = [...Object.keys(parameters), ...Object.values(zip).flatMap(Object.keys)];
  const fixed = parameters[key]?.value;
  for (const length of ['train.epochs', 'train.steps']) {
    if (!varied.includes(length) || (length === key && typeof fixed === 'number')) continue;
    blame.report('E_CONFIG_VALUE', ['early_terminate'], `trials of different lengths can not be compared; ${length} varies`);
  }
  const length = typeof fixed === 'number' ? fixed : experiment.train[stopping.resource];
  const max = stopping.max ?? length;
  if (max === undefined) {
    const other = stopping.resource === 'epochs' ? 'steps' : 'epochs';
    blame.report('E_CONFIG_MISSING', ['early_terminate', 'max'], `missing; the base experiment counts its length in ${other}`);
    return stopping;
  }
  if (typeof fixed === 'number' && fixed !== max)
    blame.report('E_CONFIG_VALUE', ['early_terminate', 'max'], `got ${max}; ${key} is fixed at ${fixed}; leave one of the two out`);
  if (stopping.min > max) {
    blame.report('E_CONFIG_RANGE', ['early_terminate', 'min'], `min must not be above max; got min ${stopping.min} and max ${max}`);
  } else if (stopping.type === 'asha') {
    notices.push(`early_terminate: rungs at ${rungs(stopping.min, max, stopping.eta).join(', ')} ${stopping.resource}`);
  }
  if (stopping.max !== undefined && length !== max) notices.push(`early_terminate.max: trials train ${max} ${stopping.resource}`);
  return { ...stopping, max };
}
