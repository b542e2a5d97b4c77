import type { LossConfig } from '../config/schema/schema.ts';
import { GradloomError } from '../errors.ts';

/**
 * The weights that a loss gives its outputs, f32[outputs]: class weights of softmax_cross_entropy, positive weights of sigmoid_cross_entropy;
 * undefined where all are 1.
 *
 * @param trainCounts  rows of each class in the training set; called for `balanced` only, and undefined without classes
 * @throws GradloomError E_DATA_MISMATCH if `balanced` meets a class without a training row
 */
export function lossWeights(
  config: LossConfig,
  outputs: number,
  trainCounts: () => readonly number[] | undefined,
): Float32Array<ArrayBuffer> | undefined {
  if (config.type === 'softmax_cross_entropy') {
    if (config.class_weights === 'balanced') return balancedWeights(outputs, trainCounts());
    return config.class_weights && Float32Array.from(config.class_weights);
  }
  if (config.type !== 'sigmoid_cross_entropy' || config.pos_weight === undefined) return undefined;
  const weight = config.pos_weight;
  return typeof weight === 'number' ? new Float32Array(outputs).fill(weight) : Float32Array.from(weight);
}

/** N / (K count_k) for each of the K outputs. source: sklearn.utils.class_weight.compute_class_weight */
function balancedWeights(outputs: number, counts: readonly number[] | undefined): Float32Array<ArrayBuffer> | undefined {
  if (counts === undefined) return undefined;
  const absent = Array.from({ length: outputs }, (_, k) => counts[k] ?? 0).indexOf(0);
  if (absent >= 0) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'loss.class_weights',
      message: `balanced needs rows of all ${outputs} classes in the training set; class ${absent} has none`,
      next: 'give the weights as a list, or set data.split.by: stratify',
    });
  }
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from({ length: outputs }, (_, k) => rows / (outputs * (counts[k] as number)));
}
