import { absenceOf, evaluationOf } from '../../config/check/evaluated.ts';
import { watchedOf } from '../../config/check/watch.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError, printable } from '../../errors.ts';

/**
 * Checks that what early stopping, checkpoints and the schedule watch will be there, now that the data is known.
 *
 * @throws GradloomError E_CONFIG_VALUE; E_DATA_SPLIT where the data decides
 */
export function checkWatchedMetrics(plan: EnginePlan, dataset: Pick<Dataset, 'splits'>): void {
  for (const { key, metric } of watchedOf(plan.experiment)) checkEvaluated(plan, dataset, `${key}.metric`, metric);
}

/**
 * Checks that a metric is evaluated during training.
 *
 * @param where  the key that names it
 * @throws GradloomError E_CONFIG_VALUE; E_DATA_SPLIT where the data decides
 */
export function checkEvaluated(plan: EnginePlan, { splits }: Pick<Dataset, 'splits'>, where: string, metric: string): void {
  const { experiment, metrics } = plan;
  const absence = absenceOf(metric, { ...evaluationOf(experiment), metrics: metrics.names });
  if (absence !== undefined) throw new GradloomError({ code: 'E_CONFIG_VALUE', where, ...absence });
  const { on } = experiment.train.eval;
  if (on === 'none' || splits[on].length > 1 || !metric.endsWith('r2')) return;
  const message = `${printable(metric)} is never a number: it needs two rows, and ${on} has one`;
  throw new GradloomError({ code: 'E_DATA_SPLIT', where, message, next: `give data.split.${on} more rows` });
}
