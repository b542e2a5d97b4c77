import type { ConvOp } from '../../graph/ops/conv.ts';
import { elements } from '../../graph/shape.ts';
import type { Lowering } from '../lowering.ts';
import { epilogueOf, slopeOf } from './activation.ts';
import { windowArgs } from './window.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;

/**
 * Forward y = x * W + b; backward dW (per leaf, then the tree), db = sums of d over all pixels, dx = d * W turned round. A weight is read by
 * every pixel, so its gradient is small beside its inputs and deltas: no rank computes a slice of it from all rows.
 */
export const conv: Lowering<ConvOp> = {
  forward(op, site) {
    const { window, filters, groups } = op;
    const fused = site.fused?.type === 'activation' ? site.fused : undefined;
    const epilogue = fused === undefined ? 0 : (epilogueOf(fused) ?? 0);
    const slope = fused === undefined ? 0 : slopeOf(fused);
    const bias = op.bias === undefined ? 0 : site.parameter(op.bias);
    const pointers = [site.at(op.x), site.parameter(op.weight), bias, site.at(fused?.y ?? op.y), site.rows] as const;
    site.emit('conv_forward', ...pointers, ...windowArgs(window), filters, groups, epilogue, slope, site.scratch);
  },

  backward(op, site) {
    const { x, weight, bias, y, window, filters, groups } = op;
    const [d, dx] = [site.gradient(y), site.gradient(x)];
    const [inputs, outputs] = [elements(site.shapeOf(x)), elements(site.shapeOf(y))];
    for (const { row, leaves, bounds, gradient } of site.subtrees) {
      const dz = d + row * outputs * F32;
      if (bias !== undefined) {
        site.emit('conv_bias_gradient', dz, gradient(bias), bounds, leaves, outputs / filters, filters, site.scratch);
      }
      const pointers = [site.at(x) + row * inputs * F32, dz, gradient(weight), bounds, leaves] as const;
      site.emit('conv_weight_gradient', ...pointers, ...windowArgs(window), filters, groups, site.scratch);
    }
    if (dx === 0) return;
    const pointers = [d, site.parameter(weight), dx, site.rows] as const;
    site.emit('conv_input_gradient', ...pointers, ...windowArgs(window), filters, groups, site.scratch);
  },
};
