import type { Experiment } from '../config/schema.ts';
import type { SplitName } from '../data/dataset.ts';
import type { EnginePlan } from '../engine/plan.ts';
import { GradloomError, printable } from '../errors.ts';

/** Averaged parameters that can be evaluated beside the raw ones. */
export type AverageName = 'ema' | 'swa';

/** The dotted name of a split's loss. train.loss is the loss of a batch; the whole set's has a name of its own. */
export function lossName(split: SplitName, average?: AverageName): string {
  const prefix = average === undefined ? '' : `${average}_`;
  return split === 'train' ? `train.eval_${prefix}loss` : `${split}.${prefix}loss`;
}

/** The dotted name of a metric over a split. */
export function metricName(split: SplitName, metric: string, average?: AverageName): string {
  return `${split}.${average === undefined ? '' : `${average}_`}${metric}`;
}

/**
 * Names of what is evaluated during training.
 *
 * @param metrics  that the data allows; without it all that the experiment names
 */
export function evaluatedNames(experiment: Experiment, metrics: readonly string[] = experiment.metrics ?? []): string[] {
  const { eval: evaluation, average } = experiment.train;
  const { on } = evaluation;
  if (on === 'none') return [];
  const scalars = metrics.filter((name) => name !== 'confusion');
  const kinds: (AverageName | undefined)[] = average.type === 'none' ? [undefined] : [undefined, average.type];
  return kinds.flatMap((kind) => [lossName(on, kind), ...scalars.map((name) => metricName(on, name, kind))]);
}

/**
 * Checks that what early stopping, checkpoints and the schedule watch will be there.
 *
 * @throws GradloomError E_CONFIG_VALUE
 */
export function checkWatchedMetrics(plan: EnginePlan): void {
  const { schedule, train } = plan.experiment;
  const watched: [where: string, metric: string][] = [];
  if (train.early_stop !== undefined) watched.push(['train.early_stop.metric', train.early_stop.metric]);
  const { best } = train.checkpoint;
  if (best !== undefined) watched.push(['train.checkpoint.best.metric', best.metric]);
  if (schedule.type === 'plateau') watched.push(['schedule.metric', schedule.metric]);
  for (const [where, metric] of watched) checkEvaluated(plan, where, metric);
}

/**
 * Checks that a metric is evaluated during training.
 *
 * @param where  the key that names it
 * @throws GradloomError E_CONFIG_VALUE
 */
export function checkEvaluated(plan: EnginePlan, where: string, metric: string): void {
  const names = evaluatedNames(plan.experiment, plan.metrics.names);
  if (names.includes(metric)) return;
  const expected = names.length === 0 ? 'nothing is evaluated' : `expected one of ${names.join(', ')}`;
  const message = `not evaluated during training; got ${printable(metric)}; ${expected}`;
  throw new GradloomError({ code: 'E_CONFIG_VALUE', where, message, next: 'name an evaluated metric, or set train.eval.on' });
}
