import type { LossConfig } from '../config/schema.ts';
import { GradloomError } from '../errors.ts';
import type { KernelCall } from './layers/layer.ts';

/** A leaf's rows on their way through the loss; pointers are byte addresses, 0 where there is nothing. */
export interface LossSite {
  /** [rows, outputs] */
  z: number;
  /** i32[rows] or [rows, outputs], as the loss wants it. */
  target: number;
  /** f32[rows], or 0: all 1. */
  sampleWeights: number;
  /** f32[outputs], or 0: all 1. */
  lossWeights: number;
  /** [rows, outputs], or 0 without gradient. */
  dz: number;
  rows: number;
  outputs: number;
  /** f64[3]: receives the sum of the rows' weighted losses, the number of correct rows, and the sum of the rows' weights. */
  out: number;
}

/** A loss: what it compares the outputs with, and its kernel call. */
export interface LossType<C> {
  /** labels: i32 class per row; values: f32 [rows, outputs], class labels becoming one-hot rows. */
  target: 'labels' | 'values';
  call(config: C, site: LossSite): KernelCall;
}

type ConfigOf<T extends LossConfig['type']> = Extract<LossConfig, { type: T }>;

/**
 * softmax_cross_entropy: torch.nn.CrossEntropyLoss; sigmoid_cross_entropy: BCEWithLogitsLoss; mse: MSELoss; huber: HuberLoss; mae: L1Loss,
 * all with reduction='mean'. The mean is weighted: the sum of weighted losses divided by the sum of the rows' weights. A row's weight is its
 * sample weight, times its class's weight with softmax_cross_entropy.
 */
const lossTypes: { [T in LossConfig['type']]: LossType<ConfigOf<T>> } = {
  softmax_cross_entropy: {
    target: 'labels',
    call: (config, { z, target, sampleWeights, lossWeights, dz, rows, outputs, out }) => ({
      kernel: 'softmax_cross_entropy',
      args: [z, target, sampleWeights, lossWeights, dz, rows, outputs, config.label_smoothing, out],
    }),
  },
  sigmoid_cross_entropy: {
    target: 'values',
    call: (config, { z, target, sampleWeights, lossWeights, dz, rows, outputs, out }) => ({
      kernel: 'sigmoid_cross_entropy',
      args: [z, target, sampleWeights, lossWeights, dz, rows, outputs, config.label_smoothing, out],
    }),
  },
  mse: {
    target: 'values',
    call: (_, { z, target, sampleWeights, dz, rows, outputs, out }) => ({
      kernel: 'mse',
      args: [z, target, sampleWeights, dz, rows, outputs, out],
    }),
  },
  huber: {
    target: 'values',
    call: (config, { z, target, sampleWeights, dz, rows, outputs, out }) => ({
      kernel: 'huber',
      args: [z, target, sampleWeights, dz, rows, outputs, config.delta, out],
    }),
  },
  mae: {
    target: 'values',
    call: (_, { z, target, sampleWeights, dz, rows, outputs, out }) => ({
      kernel: 'mae',
      args: [z, target, sampleWeights, dz, rows, outputs, out],
    }),
  },
};

/** The implementation of a loss by the `type` of its config. */
export function lossType<C extends LossConfig>(config: C): LossType<C> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its config
  return lossTypes[config.type] as unknown as LossType<C>;
}

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
