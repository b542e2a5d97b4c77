import type { LossConfig } from '../config/schema.ts';
import type { KernelName } from './layers/layer.ts';

/**
 * A loss: its kernel and what it compares the outputs with.
 * All have the arguments (z, target, dz or 0, rows, outputs, out f64[2]); out receives the sum of losses and the number of correct rows.
 */
export interface LossType {
  kernel: KernelName;
  /** labels: i32 class per row; values: f32 [rows, outputs], class labels becoming one-hot rows. */
  target: 'labels' | 'values';
}

/** softmax_cross_entropy: torch.nn.CrossEntropyLoss; sigmoid_cross_entropy: BCEWithLogitsLoss; mse: MSELoss (all reduction='mean'). */
const lossTypes: Record<LossConfig['type'], LossType> = {
  softmax_cross_entropy: { kernel: 'softmax_cross_entropy', target: 'labels' },
  sigmoid_cross_entropy: { kernel: 'sigmoid_cross_entropy', target: 'values' },
  mse: { kernel: 'mse', target: 'values' },
};

/** The implementation of a loss by the `type` of its config. */
export function lossType(config: LossConfig): LossType {
  return lossTypes[config.type];
}
