import { absenceOf, evaluatedNames, evaluationOf, lossName, metricName } from '../../config/check/evaluated.ts';
import { goalOf } from '../../config/names/metrics.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import type { SweepSettings } from '../schema.ts';

/**
 * What folds are compared by: what the best checkpoint or early stopping goes by, at its best; without them the accuracy on val, else the
 * loss, of the parameters that the training ends with.
 *
 * @throws GradloomError E_CONFIG_VALUE if val is not evaluated
 */
export function judgedBy(experiment: Experiment): SweepSettings['metric'] {
  const { checkpoint, early_stop: earlyStop } = experiment.train;
  const watched = checkpoint.best ?? earlyStop;
  if (watched !== undefined) return { name: watched.metric, goal: watched.goal, summary: 'best' };
  const evaluation = evaluationOf(experiment);
  const names = evaluatedNames(evaluation);
  const name = [metricName('val', 'accuracy'), lossName('val')].find((one) => names.includes(one));
  if (name !== undefined) return { name, goal: goalOf(name) ?? 'minimize', summary: 'last' };
  const absence = absenceOf(lossName('val'), evaluation);
  const message = absence?.message ?? 'val is not evaluated during training';
  throw new GradloomError({ code: 'E_CONFIG_VALUE', where: 'train.eval.on', message, next: absence?.next });
}
