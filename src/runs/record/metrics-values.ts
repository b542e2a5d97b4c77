import { type AverageName, lossName, metricName } from '../../config/check/evaluated.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { SplitName } from '../../data/dataset.ts';
import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { LayerActivity, TensorChange } from '../../engine/coordinator/shared-state.ts';
import type { Evaluation } from '../../engine/rank/evaluation.ts';

/** The values of a line of metrics.jsonl, by dotted name. */
export type MetricsValues = Record<string, number | null>;

/** JSON has no NaN or Infinity. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** @param lr  of the step */
export function stepValues({ loss, gradientNorm, penalty }: StepRecord, lr: number, { regularization }: Experiment): MetricsValues {
  const { l1, l2 } = regularization;
  return {
    'train.loss': finiteOrNull(loss),
    ...(l1 > 0 || l2 > 0 ? { 'train.penalty': finiteOrNull(penalty) } : {}),
    lr,
    ...(gradientNorm === undefined ? {} : { grad_norm: finiteOrNull(gradientNorm) }),
  };
}

/** @param accuracy  undefined where there is none */
export function epochValues(loss: number, accuracy: number | undefined): MetricsValues {
  return { 'train.epoch_loss': finiteOrNull(loss), ...(accuracy === undefined ? {} : { 'train.epoch_accuracy': accuracy }) };
}

/**
 * What an evaluation found, by dotted name; NaN and the infinities as they are.
 *
 * @param average  name of the averaged parameters that were evaluated instead of the raw ones
 */
export function evaluationNumbers(split: SplitName, { loss, metrics }: Evaluation, average?: AverageName): [name: string, value: number][] {
  const others = Object.entries(metrics).map(([name, value]): [string, number] => [metricName(split, name, average), value]);
  return [[lossName(split, average), loss], ...others];
}

/** What the last step did to each tensor, and what its layers put out. */
export function statisticsValues(changes: readonly TensorChange[], activity: readonly LayerActivity[]): MetricsValues {
  const values: MetricsValues = {};
  for (const { tensor, weightNorm, updateNorm } of changes) {
    values[`${tensor.name}.norm`] = finiteOrNull(weightNorm);
    values[`${tensor.name}.update_ratio`] = finiteOrNull(updateNorm / weightNorm);
  }
  for (const { layer, mean, std, zeros, largest } of activity) {
    const name = `layers.${layer}.activation`;
    Object.assign(values, { [`${name}.mean`]: mean, [`${name}.std`]: std, [`${name}.zeros`]: zeros, [`${name}.largest`]: largest });
  }
  return values;
}
