import type { ActivationOp } from '../../graph/ops/activation.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';

/** Activations that the epilogue of a product applies by itself; the numbers are the kernel's. */
const EPILOGUES = { relu: 1, leaky_relu: 2 } as const;

/** The epilogue's code for an activation; undefined where it needs a pass of its own. */
export function epilogueOf({ function: { type } }: ActivationOp): number | undefined {
  return type === 'relu' || type === 'leaky_relu' ? EPILOGUES[type] : undefined;
}

export function slopeOf({ function: act }: ActivationOp): number {
  return act.type === 'leaky_relu' ? act.slope : 0;
}

export const activation: Lowering<ActivationOp> = {
  forward({ function: act, x, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const [from, to] = [site.at(x), site.at(y)];
    switch (act.type) {
      case 'relu':
        site.emit('relu_forward', from, to, count);
        break;
      case 'leaky_relu':
        site.emit('leaky_relu_forward', from, to, count, act.slope);
        break;
      case 'sigmoid':
        site.emit('sigmoid_forward', from, to, count);
        break;
      case 'tanh':
        site.emit('tanh_forward', from, to, count);
        break;
      case 'gelu':
        site.emit('gelu_forward', from, to, count);
    }
  },

  /** d, the gradient of y, becomes the gradient of x. */
  backward({ function: act, x, y }, site) {
    const count = site.rows * elements(site.shapeOf(y));
    const d = site.gradient(y);
    switch (act.type) {
      case 'relu':
        site.emit('relu_backward', site.at(y), d, count);
        break;
      case 'leaky_relu':
        site.emit('leaky_relu_backward', site.at(y), d, count, act.slope);
        break;
      case 'sigmoid':
        site.emit('sigmoid_backward', site.at(y), d, count);
        break;
      case 'tanh':
        site.emit('tanh_backward', site.at(y), d, count);
        break;
      case 'gelu':
        site.emit('gelu_backward', site.at(x), d, count);
    }
  },
};
