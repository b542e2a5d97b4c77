import type { LossOp } from '../../graph/ops/loss.ts';
import type { LossSite } from '../site.ts';

/** The rows' losses and, where they are wanted, their gradients. */
export function lowerLoss({ loss }: LossOp, { x, target, sampleWeights, lossWeights, dx, rows, outputs, out, emit }: LossSite): void {
  switch (loss.type) {
    case 'softmax_cross_entropy':
      emit('softmax_cross_entropy', x, target, sampleWeights, lossWeights, dx, rows, outputs, loss.label_smoothing, out);
      break;
    case 'sigmoid_cross_entropy':
      emit('sigmoid_cross_entropy', x, target, sampleWeights, lossWeights, dx, rows, outputs, loss.label_smoothing, out);
      break;
    case 'mse':
      emit('mse', x, target, sampleWeights, dx, rows, outputs, out);
      break;
    case 'huber':
      emit('huber', x, target, sampleWeights, dx, rows, outputs, loss.delta, out);
      break;
    case 'mae':
      emit('mae', x, target, sampleWeights, dx, rows, outputs, out);
  }
}
