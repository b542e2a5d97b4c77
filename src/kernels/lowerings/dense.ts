import type { DenseOp } from '../../graph/ops/dense.ts';
import { elements } from '../../graph/shape.ts';
import { kernelCall } from '../call.ts';
import type { Lowering } from '../lowering.ts';
import type { BackwardSite, Emit, ForwardSite, ListSite } from '../site.ts';
import { epilogueOf, slopeOf } from './activation.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;

/** Forward y = x W^T + b; backward dW = d^T x (per leaf, then the tree), db = column sums of d, dx = d W. */
export const dense: Lowering<DenseOp> = {
  sliced: ({ weight }) => weight,
  skips: ({ weight }) => [weight],

  forward(op, site) {
    const { inputs, units } = widths(op, site);
    const fused = site.fused?.type === 'activation' ? site.fused : undefined;
    const epilogue = fused === undefined ? 0 : (epilogueOf(fused) ?? 0);
    const slope = fused === undefined ? 0 : slopeOf(fused);
    const y = site.at(fused?.y ?? op.y);
    const [x, rows] = [site.at(op.x), site.rows];
    const rest = [site.parameter(op.weight), site.parameter(op.bias), y, rows, units, inputs, epilogue, slope, site.scratch] as const;
    if (site.skippable === undefined) site.emit('dense_forward', x, ...rest);
    else {
      const skipping = kernelCall('sparse_forward', x, site.lists, ...rest);
      site.skippable({ product: 'forward', dense: kernelCall('dense_forward', x, ...rest), skipping });
    }
  },

  backward(op, site) {
    const { inputs, units } = widths(op, site);
    const d = site.gradient(op.y);
    for (const { row, leaves, bounds, gradient } of site.subtrees) {
      site.emit('dense_bias_gradient', d + row * units * F32, gradient(op.bias), bounds, leaves, units, units, site.scratch);
    }
    for (const { emit, skippable, x, dz, gradient, bounds, leaves, columns } of weightProducts(op, site, d)) {
      const args = [x, dz, gradient, bounds, leaves, columns, units, inputs, site.scratch] as const;
      if (skippable === undefined) emit('dense_weight_gradient', ...args);
      else {
        const skipping = kernelCall('sparse_weight_gradient', ...args);
        skippable({ product: 'gradient', dense: kernelCall('dense_weight_gradient', ...args), skipping });
      }
    }
    const dx = site.gradient(op.x);
    if (dx !== 0) site.emit('matmul_nt', d, site.parameter(op.weight), dx, site.rows, inputs, units, site.scratch);
  },
};

/** A product x^T dz that gives the weight's gradient, or a part of it. */
interface WeightProduct {
  emit: Emit;
  skippable: ForwardSite['skippable'];
  x: number;
  dz: number;
  gradient: number;
  bounds: number;
  leaves: number;
  /** Columns of x. */
  columns: number;
}

/** All columns of x and some leaves each; or all leaves and some columns each, when all ranks are through. */
function weightProducts(op: DenseOp, site: BackwardSite, d: number): WeightProduct[] {
  const { inputs, units } = widths(op, site);
  const slice = site.slice(op.weight);
  if (slice === undefined) {
    return site.subtrees.map(({ row, leaves, bounds, gradient }) => {
      const of = { x: site.at(op.x) + row * inputs * F32, dz: d + row * units * F32 };
      return { emit: site.emit, skippable: site.skippable, ...of, gradient: gradient(op.weight), bounds, leaves, columns: inputs };
    });
  }
  const { from, to, d: dz, x, ...rest } = slice;
  return from === to ? [] : [{ ...rest, x: x + from * F32, dz, columns: to - from }];
}

/** The lists that the products above skip by. */
export function lowerLists({ x, lists, rows, columns, scratch, emit }: ListSite): void {
  emit('list_nonzeros', x, lists, rows, columns, scratch);
}

function widths({ x, y }: DenseOp, { shapeOf }: ForwardSite): { inputs: number; units: number } {
  return { inputs: elements(shapeOf(x)), units: elements(shapeOf(y)) };
}
